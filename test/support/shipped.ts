import { expect } from 'vitest'
import { settledFingerprint } from './kernel.ts'
import type { Sandboxed } from './sandbox.ts'

/** A workflow of `workflows/`, by its name, with arguments such as `--set NAME=VALUE`. */
export interface Shipped {
  readonly name: string
  readonly args: readonly string[]
  /** What is true of the network while the workflow is set up by this run. */
  readonly during: (world: Sandboxed, run: string) => Promise<void>
}

/**
 * Takes a shipped workflow through its life: it is valid, a plan of it changes nothing, it runs, holds, is content when it is
 * run again, and is undone exactly.
 */
export async function livesThrough(world: Sandboxed, { name, args, during }: Shipped): Promise<void> {
  const file = `workflows/${name}.json`
  const well = async (...words: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await world.nsnet(...words)
    expect({ words, exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 })
    return stdout
  }
  const one = `run${++runs}`
  const before = await settledFingerprint(world.exec)
  await well('validate', file, ...args)
  await well('plan', file, ...args)
  expect(await settledFingerprint(world.exec)).toEqual(before)
  await well('run', file, ...args, '--id', one)
  await well('verify', one)
  const up = await settledFingerprint(world.exec)
  expect(up).not.toEqual(before)
  expect(typesIn(await well('run', file, ...args, '--id', `again${runs}`, '--json'))).toEqual([])
  expect(await settledFingerprint(world.exec)).toEqual(up)
  await during(world, one)
  await well('undo', `again${runs}`)
  expect(await well('undo', one)).not.toMatch(/kept|failed/)
  expect(await settledFingerprint(world.exec)).toEqual(before)
}

let runs = 0

/** What a run did beyond finding that all holds already. */
const typesIn = (events: string): readonly string[] =>
  events
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { event: { type: string } }).event.type)
    .filter((type) => !['RunStarted', 'StepSatisfied', 'StepSkipped'].includes(type))

/** Puts a command into the sandbox's internet: what is there, and sent from there, is outside. */
export const outside = 'nsenter --net=/run/nsnet/own/internet'

/** A host that drops what it is to forward, as container hosts do: what passes is let pass by a rule. */
export async function dropsForwarded({ sh }: Sandboxed): Promise<void> {
  for (const program of ['iptables', 'ip6tables']) await sh(`${program} -P FORWARD DROP`)
}

/** Says whether a ping is answered. */
export async function answers({ exec }: Sandboxed, within: string, to: string): Promise<boolean> {
  const argv = [...within.split(' '), ...`ping -n -c 1 -W 1 ${to}`.split(' ')]
  return (await exec({ argv })).exitCode === 0
}
