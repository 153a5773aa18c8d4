import { hostname, release } from 'node:os'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtinSteps } from '../library/builtin.ts'
import { iptablesBackend } from '../library/iptables-backend.ts'
import type { Json } from '../core/json.ts'
import type { Context, Step } from '../core/step.ts'
import { Breach, ContractBroken } from './breach.ts'
import { openSandbox, type World } from './sandbox.ts'
import { stageOf } from './stage.ts'
import { trial, type Example } from './trial.ts'

/** What `conforms` needs to know beside the examples. */
export interface ConformsOptions {
  /**
   * The file whose default export is the step (or a list with it), as a path or a `file:` URL: the real nsnet loads it, to be
   * killed. Needed for all but the step types that nsnet brings along.
   */
  readonly plugin?: string | URL
}

/**
 * Proves the contract of a step type on a real kernel, by examples of its input.
 *
 * In the sandbox of nsnet (private namespaces, no root needed, nothing is left behind; many may be open at the same time)
 * each example is applied and undone by hand, verb by verb, and then by the real nsnet, which is killed (SIGKILL) between any
 * two commands, resumed and undone. An example takes one to two seconds. Examples with the same `before` share a sandbox.
 *
 * @throws ContractBroken at the first rule that is broken: which, what was expected, what came, what to change
 * @throws NsnetError SANDBOX_UNAVAILABLE when the kernel does not allow private namespaces
 * @see docs/testing-a-step.md
 */
export async function conforms<Input, State extends Json>(
  step: Step<Input, State>,
  examples: readonly Example[],
  { plugin }: ConformsOptions = {},
): Promise<void> {
  const file = fileOf(step as unknown as Step, plugin)
  if (examples.length === 0) throw new TypeError('expected at least one example, got none: nothing would be proved')
  for (const group of grouped(examples)) await onStage(step, group, file)
}

async function onStage<Input, State extends Json>(
  step: Step<Input, State>,
  examples: readonly Example[],
  file: string | undefined,
): Promise<void> {
  const world = await openSandbox()
  try {
    await stageOf(world.exec, examples[0]!.before ?? [], file)
    const where = await contextIn(world)
    for (const example of examples) await tried(() => trial({ step, example, file, world, where }), step.type, example)
  } finally {
    await world.close()
  }
}

async function tried(work: () => Promise<void>, type: string, { input }: Example): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw error instanceof Breach ? new ContractBroken(type, input, error) : error
  }
}

/** The examples that one stage serves. */
function grouped(examples: readonly Example[]): readonly (readonly Example[])[] {
  const groups = new Map<string, Example[]>()
  for (const example of examples) {
    const key = JSON.stringify(example.before ?? [])
    groups.set(key, [...(groups.get(key) ?? []), example])
  }
  return [...groups.values()]
}

function fileOf(step: Step, plugin: string | URL | undefined): string | undefined {
  if (plugin !== undefined) return String(plugin).startsWith('file:') ? fileURLToPath(plugin) : resolve(String(plugin))
  if (builtinSteps.some(({ type }) => type === step.type)) return undefined
  throw new TypeError(
    `expected the option "plugin" with the file of the step type "${step.type}", got none: the real nsnet has to load it, ` +
      `to be killed. For a step in mtu.js beside the test: conforms(mtu, examples, { plugin: new URL('./mtu.js', import.meta.url) })`,
  )
}

/** Where the step is planned by hand: the id of the run is as long as a real one. */
async function contextIn({ exec, netns }: World): Promise<Context> {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const iptables = await iptablesBackend(exec)
  return {
    run: 'handmade',
    step: 'example',
    facts: { uplink: 'enp1s0', hostname: hostname(), kernel: release(), boot, netns, iptables },
  }
}
