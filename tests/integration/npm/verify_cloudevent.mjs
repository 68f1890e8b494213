// {headers, body} on standard input: does the CloudEvents library read an event in it, and is the event valid?
// (toEvent() alone lets invalid ones pass.)
import { HTTP } from 'cloudevents';
import { judge, lowerCaseNames, standardInput } from './standard_input.mjs';

const { headers, body } = standardInput();
judge(() => {
  const event = HTTP.toEvent({ headers: lowerCaseNames(headers), body });
  if (Array.isArray(event)) throw new Error('several events');
  event.validate();
  console.log(JSON.stringify({ id: event.id, type: event.type, source: event.source, subject: event.subject }));
});
