import { printable } from '../core/quote.ts'
import { laws, type Rule } from './laws.ts'

/** How many lines are told of what came. */
const MOST = 12

/** What a trial found: a rule that is broken, and what came instead. */
export class Breach extends Error {
  readonly rule: Rule
  readonly got: readonly string[]

  constructor(rule: Rule, ...got: readonly string[]) {
    super(`${rule}: ${got.join('; ')}`)
    this.rule = rule
    this.got = got
  }
}

/**
 * A step type broke a rule of its contract: which one, what was expected, what came, and what to change in the step.
 *
 * `rule` is the rule's name, stable for tests.
 */
export class ContractBroken extends Error {
  override readonly name = 'ContractBroken'
  readonly rule: Rule
  readonly type: string

  constructor(type: string, example: unknown, { rule, got }: Breach) {
    super(messageOf(type, example, rule, got))
    this.rule = rule
    this.type = type
  }
}

function messageOf(type: string, example: unknown, rule: Rule, got: readonly string[]): string {
  const { law, change } = laws[rule]
  const told = got.length > MOST ? [...got.slice(0, MOST), `… and ${got.length - MOST} more`] : got
  return printable(
    [
      `the step type "${type}" breaks a rule of the contract (${rule})`,
      `  example   ${JSON.stringify(example)}`,
      `  expected  ${law}`,
      ...told
        .join('\n')
        .split('\n')
        .map((line, at) => `  ${at === 0 ? 'got' : '   '}       ${line}`),
      `  change    ${change}`,
    ].join('\n'),
  )
}
