// The whole of standard input as JSON.
import { readFileSync } from 'node:fs';

export function standardInput() {
  return JSON.parse(readFileSync(0, 'utf8'));
}

// Ends the program with 1 and the reason when `check` throws.
export function judge(check) {
  try {
    check();
  } catch (fault) {
    console.error(`${fault.name}: ${fault.message}`);
    process.exit(1);
  }
}

export function lowerCaseNames(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
