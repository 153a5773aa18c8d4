import { expect, test } from 'vitest'
import { z } from 'zod'
import { mistakesOf } from '../../core/issues.ts'
import type { Schema } from '../../core/schema.ts'

const told = (schema: z.ZodType, value: unknown): readonly string[] =>
  mistakesOf(schema.safeParse(value).error!.issues, value, schema as Schema<unknown>).map(({ message }) => message)

test('of one of some values the nearest is told', () =>
  expect(mistakesOf(z.enum(['up', 'down']).safeParse('UP').error!.issues, 'UP', z.string() as Schema<unknown>)).toEqual(
    [{ path: [], message: 'expected "up" or "down", got "UP"', hint: 'did you mean "up"?' }],
  ))

test.each<readonly [z.ZodType, unknown, string]>([
  [z.record(z.string(), z.any()), 'x', 'expected an object, got "x"'],
  [z.record(z.string().regex(/^a/), z.any()), { b: 1 }, 'expected a text that matches /^a/, got "b"'],
  [z.record(z.string().regex(/^a/, 'expected an a'), z.any()), { b: 1 }, 'expected an a, got "b"'],
  [z.string().regex(/^a+$/), 'b', 'expected a text that matches /^a+$/, got "b"'],
  [z.string().startsWith('ab'), 'x', 'expected a text that begins with "ab", got "x"'],
  [z.string().endsWith('ab'), 'x', 'expected a text that ends with "ab", got "x"'],
  [z.string().includes('ab'), 'x', 'expected a text with "ab" in it, got "x"'],
  [z.ipv4(), 'x', 'expected a text of the form "ipv4", got "x"'],
  [z.string().length(3), 'x', 'expected exactly 3 characters, got "x"'],
  [z.array(z.int()).length(2), [1], 'expected exactly 2 items, got [1]'],
  [z.number().positive(), 0, 'expected more than 0, got 0'],
  [z.number().lt(3), 3, 'expected less than 3, got 3'],
  [z.number().multipleOf(5), 3, 'expected a multiple of 5, got 3'],
  [z.string().refine(() => false), 'x', 'expected another value, got "x"'],
  [z.string().refine(() => false, 'Only what the author says'), 'x', 'Only what the author says'],
])('%# is told in words of its own', (schema, value, message) => expect(told(schema, value)).toEqual([message]))
