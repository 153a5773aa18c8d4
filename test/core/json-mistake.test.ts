import { expect, test } from 'vitest'
import { readJson } from '../../core/source-json.ts'

test.each([
  ['a missing comma between fields', '{\n "a": 1\n "b": 2\n}', '3:2: expected a comma before this, got "\\"b\\""'],
  ['a missing comma between values', '[{}\n {}]', '2:2: expected a comma before this, got "{"'],
  ['a missing colon', '{ "a" 1 }', '1:7: expected ":" or a comma before this, got "1"'],
  ['a comma before a bracket', '[1, 2,]', '1:7: expected no comma before "]"'],
  ['a comma before a brace', '{ "a": 1, }', '1:11: expected no comma before "}"'],
  ['a bracket that is not closed', '{ "a": [1\n}', '2:1: expected "]" or a comma, got "}"'],
  [
    'a comment',
    '{\n // why\n "a": 1 }',
    '2:2: expected JSON, which has no comments (a file NAME.yaml may have them, behind #)',
  ],
  ['single quotes', "{ 'a': 1 }", `1:3: expected " around a text, got '`],
  ['no value', '{ "a": }', '1:8: expected JSON: Unexpected token "}" found.'],
])('of JSON tells %s', (_what, text, told) => {
  expect(() => readJson(text, '/lab.json')).toThrow(
    expect.objectContaining({ message: `/lab.json has a mistake:\n  lab.json:${told}` }),
  )
})
