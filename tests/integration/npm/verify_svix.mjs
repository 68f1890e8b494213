// {headers, body, secret} on standard input: does Svix's library accept the signature?
import { Webhook } from 'svix';
import { judge, lowerCaseNames, standardInput } from './standard_input.mjs';

const { headers, body, secret } = standardInput();
judge(() => new Webhook(secret).verify(body, lowerCaseNames(headers)));
