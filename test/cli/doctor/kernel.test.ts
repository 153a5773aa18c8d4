import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Feature } from '../../../cli/doctor/features.ts'
import { couldTry, kernelFindings, tryFeatures } from '../../../cli/doctor/kernel.ts'
import { printed } from '../../support/given.ts'

const feature = (name: string, by: string, more: Partial<Feature> = {}): Feature => ({
  name,
  by,
  needed: true,
  fix: `mend ${name}`,
  ...more,
})

/** Runs the script of the features without namespaces: what they do here touches nothing. */
const found = (...features: readonly Feature[]) => {
  const script = tryFeatures(features).argv.at(-1)!
  const stdout = execFileSync('sh', ['-c', script], { encoding: 'utf8' })
  return kernelFindings(features, printed(stdout), '6.1').slice(1)
}

test('each line is run by itself: what fails, exits or prints does not touch the next one', () =>
  expect(
    found(
      feature('works', "printf '== 7 0\\n'; echo 'it''s' >&2"),
      feature('needed', 'echo "Error: Unknown device type." >&2; exit 2'),
      feature('optional', 'echo "RTNETLINK answers: Operation not supported" >&2; false', { needed: false }),
      feature('silent', 'exit 3'),
      feature('program', 'no-such-program -x', { needed: false }),
      feature('tool', 'no-such-program -x'),
      feature('unwanted', 'true', { when: 'false || [ -e /no/where ]' }),
      feature('wanted', 'true', { when: '[ -e / ]' }),
    ),
  ).toMatchObject([
    { what: 'works', level: 'ok', found: 'works' },
    { what: 'needed', level: 'fail', found: 'does not work: Unknown device type', fix: 'mend needed' },
    { what: 'optional', level: 'warn', found: 'does not work: RTNETLINK answers: Operation not supported' },
    { what: 'silent', level: 'fail', found: 'does not work: exit code 3' },
    { what: 'program', level: 'ok', found: 'not tried: no program no-such-program' },
    { what: 'tool', level: 'fail', found: 'not tried: no program no-such-program' },
    { what: 'unwanted', level: 'ok', found: expect.stringContaining('dummy0') },
    { what: 'wanted', level: 'ok', found: 'works' },
  ]))

test('what was not answered in time is told as such', () => {
  const features = [feature('first', 'true'), feature('second', 'true')]
  expect(kernelFindings(features, printed('== 0 0\n\n== 1 '), '6.1')).toMatchObject([
    { what: 'Linux', found: '6.1' },
    { what: 'first', level: 'ok' },
    { what: 'second', level: 'fail', found: 'no answer within 10 s' },
  ])
})

test('without namespaces nothing is told of the kernel', () => {
  const refused = { ...printed(''), exitCode: 1, stderr: 'unshare: unshare failed: Operation not permitted\n' }
  expect(couldTry(refused)).toBe(false)
  expect(kernelFindings([feature('a', 'true')], refused, '6.1')).toMatchObject([{ level: 'ok' }, { level: 'warn' }])
})
