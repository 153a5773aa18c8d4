import type { Command, Output } from '../../core/command.ts'
import { quote } from '../../core/quote.ts'
import { makeNamespaces } from '../../library/sandbox/namespaces.ts'
import type { Feature } from './features.ts'
import { fail, ok, warn, type Found } from './finding.ts'

/**
 * The command that tries all features, in namespaces like those of the sandbox: what it makes is gone when it ends, also when
 * nsnet is killed. Modules that the kernel loads for it stay loaded.
 */
export const tryFeatures = (features: readonly Feature[]): Command => ({
  argv: [...makeNamespaces, '--', 'sh', '-c', [TRY, ...features.map(lineOf), ''].join('\n')],
  timeoutMs: 10_000,
})

/**
 * Runs a line by itself, and prints its number, its exit code and what it said. The lock of iptables-legacy is of the whole
 * machine: here nobody else is at work, so none is taken.
 */
const TRY = [
  'export XTABLES_LOCKFILE=/dev/null',
  'try() { said=$(eval "$2" 2>&1 >/dev/null </dev/null); printf \'== %s %s\\n%s\\n\' "$1" "$?" "$said"; }',
].join('\n')

const lineOf = ({ by, when }: Feature, at: number): string =>
  `try ${at} ${quote(when === undefined ? by : `{ ${when}; } || exit ${NOT_TRIED}; ${by}`)}`

const NOT_TRIED = 125

/** What a shell ends with that finds none. */
const NO_PROGRAM = 127

/** Says whether the namespaces could be made in which features are tried. */
export const couldTry = ({ stdout }: Output): boolean => stdout.startsWith('== 0 ')

/** Reads what trying them has shown. Without namespaces nothing is known of the kernel. */
export function kernelFindings(features: readonly Feature[], output: Output, release: string): readonly Found[] {
  const linux = ok('Linux', release, 'uname -r')
  if (!couldTry(output))
    return [linux, warn('features', 'not tried: no private namespace can be made', 'see under Privileges')]
  const answers = answersIn(output)
  return [linux, ...features.map((feature, at) => featureFinding(feature, answers.get(at)))]
}

/** Finds the features that were tried and do not work, and why. */
export function brokenIn(
  features: readonly Feature[],
  output: Output,
): readonly { readonly feature: Feature; readonly why: string }[] {
  const answers = answersIn(output)
  return features.flatMap((feature, at) => {
    const why = whyBroken(answers.get(at))
    return why === undefined ? [] : [{ feature, why }]
  })
}

function answersIn({ stdout }: Output): ReadonlyMap<number, Answer> {
  const found = stdout.matchAll(ANSWER)
  return new Map(Array.from(found, ([, at, code, said]) => [Number(at), { code: Number(code), said: said!.trim() }]))
}

const ANSWER = /^== (\d+) (\d+)\n([^]*?)(?=^== \d+ \d+$|$(?![^]))/gm

interface Answer {
  readonly code: number
  readonly said: string
}

function featureFinding({ name, needed, by, fix }: Feature, answer: Answer | undefined): Found {
  const bad = needed ? fail : warn
  if (answer === undefined) return bad(name, 'no answer within 10 s', 'look again: nsnet doctor', by)
  const { code } = answer
  if (code === 0) return ok(name, 'works', by)
  if (code === NOT_TRIED) return ok(name, 'not tried: loading its module makes a link dummy0 in the host', by)
  const program = by.split(' ')[0]
  if (code === NO_PROGRAM && !needed) return ok(name, `not tried: no program ${program}`, by)
  if (code === NO_PROGRAM) return fail(name, `not tried: no program ${program}`, 'see under Tools', by)
  return bad(name, `does not work: ${whyBroken(answer)}`, fix, by)
}

/** Says why a feature does not work; undefined where it does, or nobody knows. */
function whyBroken(answer: Answer | undefined): string | undefined {
  if (answer === undefined || [0, NOT_TRIED, NO_PROGRAM].includes(answer.code)) return undefined
  return answer.said.split('\n')[0]?.replace(/^Error: |\.$/g, '') || `exit code ${answer.code}`
}
