// A request body on standard input: would Alertmanager take it at `POST /api/v2/alerts`? The schema is that of
// `postableAlerts` in its API's description, and what its reader asks beyond it: a label set that is not empty.
import Ajv from 'ajv';
import { judge, standardInput } from './standard_input.mjs';

const texts = { type: 'object', additionalProperties: { type: 'string' } };
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$' };
const schema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['labels'],
    properties: {
      labels: { ...texts, minProperties: 1, propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' } },
      annotations: texts,
      generatorURL: { type: 'string', pattern: '^https?://' },
      startsAt: time,
      endsAt: time,
    },
  },
};

judge(() => {
  const ajv = new Ajv();
  if (!ajv.validate(schema, standardInput())) throw new Error(ajv.errorsText());
});
