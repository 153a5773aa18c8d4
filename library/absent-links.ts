import { readFileSync } from 'node:fs'
import { inputOf } from '../core/effects/subject.ts'
import type { RunStarted } from '../core/events.ts'
import { howGiven, type Given } from '../core/given.ts'
import { didYouMean } from '../core/near.ts'
import { listed, pointerOf, type Problem } from '../core/problems.ts'
import type { Registry } from '../core/registry.ts'
import { linkKey, netnsIn, type Resources } from '../core/resource.ts'
import { begin } from '../core/run.ts'
import type { Secrets } from '../core/secret.ts'
import { problemAt, type Draft } from '../core/workflow.ts'

/**
 * Lists the links of a netns, without a process; `proc` is the directory below `/proc` of a process that is in it.
 *
 * @see proc_pid_net(5)
 */
export const linksIn = (proc: string): readonly string[] =>
  readFileSync(`${proc}/net/dev`, 'utf8')
    .split('\n')
    .flatMap((line) => /^ *(.+):(?: +\d+)+ *$/.exec(line)?.[1] ?? [])

/** A workflow that is about to run, and what it is told with. */
export interface Asked {
  readonly draft: Draft
  readonly started: RunStarted
  readonly registry: Registry
  readonly secrets: Secrets
  readonly given: Given
}

/**
 * Finds the inputs that name a link of the host which is not there, though the run needs it: a rule of a firewall is made for any
 * name, and nothing goes through it. Where a step may make it or waits for it, or it may be one of another netns, nothing is said.
 */
export async function absentLinks(asked: Asked, links: readonly string[]): Promise<readonly Problem[]> {
  const { draft, started, given } = asked
  const absent = Object.entries(started.inputs).flatMap(([name, value]) =>
    draft.inputs[name]?.type === 'link' && typeof value === 'string' && !links.includes(value) ? [{ name, value }] : [],
  )
  const steps = absent.length === 0 ? [] : await stepsOf(asked)
  return absent.flatMap(({ name, value }) => {
    if (draft.inputs[name]?.secret === true || !isNeeded(value, steps)) return []
    const hint = () => didYouMean(value, links) ?? `there are ${listed(links)}`
    const message = `expected a link that the host has, or that a step makes, got "${value}"`
    const by = howGiven(given, name, false)
    const pointer = pointerOf(by === undefined ? ['inputs', name, 'default'] : ['inputs', name])
    return [problemAt(draft.source, pointer, message, hint, by)]
  })
}

/** A step, as far as it is known beforehand. */
interface Known {
  readonly text: string
  /** Undefined where it may make and need anything. */
  readonly resources: Resources | undefined
  /** It waits for something, or the run may come about without it. */
  readonly mayLack: boolean
}

async function stepsOf({ started, registry, secrets }: Asked): Promise<readonly Known[]> {
  const run = begin(started)
  return await Promise.all(
    [...run.steps.values()].map(async (record) => {
      const { spec } = record
      const step = registry.stepOf(spec.uses)
      const input = step && !step.alone ? await inputOf(run, record, step, secrets).catch(() => undefined) : undefined
      const isSure = spec.onFailure !== 'continue' && (spec.if ?? true) === true && step?.onlyLooks !== true
      const resources = input === undefined ? undefined : step!.resources(input)
      return { text: JSON.stringify(spec.with), resources, mayLack: !isSure }
    }),
  )
}

function isNeeded(link: string, steps: readonly Known[]): boolean {
  const escaped = link.replace(/[^\w]/g, String.raw`\$&`)
  const word = new RegExp(String.raw`(?<![\w.@-])${escaped}(?![\w.@+-])`)
  const naming = steps.filter(({ text }) => word.test(text))
  const isMade = steps.some(({ resources }) => !resources || resources.creates?.some((key) => isLink(key, link)))
  return (
    !isMade && naming.every(({ mayLack }) => !mayLack) && naming.some(({ resources }) => isOfHost(resources!, link))
  )
}

const isLink = (key: string, link: string): boolean => key.startsWith('link:') && key.endsWith(`/${link}`)

const isOfHost = ({ uses = [] }: Resources, link: string): boolean =>
  uses.includes(linkKey(undefined, link)) || uses.every((key) => netnsIn(key).length === 0)
