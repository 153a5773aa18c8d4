import { afterEach, expect, test, vi } from 'vitest'
import { crewIn } from '../../core/crew.ts'

afterEach(() => void vi.useRealTimers())

test('a helper that goes home without work is given none any more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const crew = crewIn([])
  const job = { argv: ['echo', 'well'], stdin: undefined, env: undefined, begun: () => undefined, maxBytes: 1000 }
  expect(await crew.run(job)).toMatchObject({ exitCode: 0, stdout: 'well\n' })
  vi.advanceTimersByTime(10_000)
  // its shell has not ended yet
  expect(await crew.run(job)).toMatchObject({ exitCode: 0, stdout: 'well\n' })
  vi.advanceTimersByTime(10_000)
})
