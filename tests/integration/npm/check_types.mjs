// check_types.mjs NAME, a JSON value on standard input: is it of the type that the service publishes? The
// value stands as a literal in a program of two lines, so that members the type does not have are faults too.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { standardInput } from './standard_input.mjs';

const types = {
  slack: `import type { KnownBlock } from '@slack/types';
type Checked = { text: string; blocks: KnownBlock[] };`,
  'github-dispatch': `import type { paths } from '@octokit/openapi-types';
type Dispatch = paths['/repos/{owner}/{repo}/dispatches']['post'];
type Checked = NonNullable<Dispatch['requestBody']>['content']['application/json'];`,
};

const name = process.argv[2];
if (!(name in types)) {
  console.error(`no type for ${name}; there are ${Object.keys(types).join(' ')}`);
  process.exit(2);
}
const text = `${types[name]}\nexport const value: Checked = ${JSON.stringify(standardInput(), null, 1)};\n`;

// The file exists for the compiler only; it stands here so that it finds node_modules.
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'checked_value.ts');
const options = {
  strict: true,
  noEmit: true,
  types: [],
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};
const host = ts.createCompilerHost(options);
const { fileExists, readFile, getSourceFile } = host;
host.fileExists = (asked) => asked === file || fileExists(asked);
host.readFile = (asked) => (asked === file ? text : readFile(asked));
host.getSourceFile = (asked, ...rest) =>
  asked === file ? ts.createSourceFile(asked, text, options.target) : getSourceFile(asked, ...rest);
const faults = ts.getPreEmitDiagnostics(ts.createProgram([file], options, host));
for (const fault of faults) console.error(ts.flattenDiagnosticMessageText(fault.messageText, '\n'));
process.exit(faults.length === 0 ? 0 : 1);
