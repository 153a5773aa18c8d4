import { expect, test } from 'vitest'
import { builtinSteps } from '../../library/builtin.ts'
import { conforms } from '../../testing/conforms.ts'
import { examples } from './examples.ts'

test('each step type has examples, or a reason why not: add it to test/testing/examples.ts', () => {
  const told = Object.entries(examples).filter(([, it]) => ('skip' in it ? it.skip.length > 10 : it.length > 0))
  expect(told.map(([type]) => type).toSorted()).toEqual(builtinSteps.map(({ type }) => type).toSorted())
})

const types = Object.entries(examples).flatMap(([type, given]) => ('skip' in given ? [] : [{ type, given }]))

test.concurrent.each(types)(
  '$type keeps the contract of steps',
  async ({ type, given }) => {
    await conforms(
      builtinSteps.find((step) => step.type === type)!,
      given,
    )
  },
  300_000,
)
