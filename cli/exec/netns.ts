import type { Exec } from '../../core/command.ts'
import { NsnetError } from '../../core/errors.ts'
import { listNetns, parseNetns } from '../../core/netns-files.ts'
import { equal } from '../../core/json.ts'
import type { NetnsIds } from '../../core/look.ts'
import { netnsIn, type NetnsId } from '../../core/resource.ts'
import type { Run } from '../../core/run.ts'
import { expectSuccess } from '../../core/tools.ts'
import type { Store } from '../../journal/store.ts'
import { bootOf } from '../../library/facts.ts'
import { momentOf } from '../../library/session.ts'

/**
 * Finds the netns that `NETNS`, `RUN` or `RUN/NETNS` means; what is both a netns and a run is the netns. The netns of a run
 * is the very one that it worked in, told by its inode and the time of its making.
 *
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, JOURNAL_BROKEN; USAGE when the run has none or several; OTHER_NETNS when it is gone or
 *   somebody made it anew
 */
export async function netnsFor(place: string, exec: Exec, openStore: () => Promise<Store>): Promise<string> {
  const there = await namedNetns(exec)
  if (Object.hasOwn(there, place)) return place
  const [name = '', wanted] = place.split('/', 2)
  const store = await openStore()
  const { id } = await store.find(name).catch((error: unknown) => {
    throw neither(error, place, Object.keys(there))
  })
  const { run } = await momentOf(store, id)
  const chosen = oneOf(run, wanted)
  expectThatVeryOne(run, chosen, there)
  return chosen
}

/** Looks which named netns are there. @throws TOOL_MISSING, TOOL_FAILED */
export async function namedNetns(exec: Exec): Promise<NetnsIds> {
  const output = await exec(listNetns)
  expectSuccess(listNetns, output)
  return parseNetns(output.stdout)
}

function neither(error: unknown, place: string, names: readonly string[]): unknown {
  if (!(error instanceof NsnetError) || error.code !== 'RUN_NOT_FOUND') return error
  const there = names.length === 0 ? 'there is no netns' : `there is the netns ${names.join(', ')}`
  const message = `expected the name of a netns, or a run, found neither under "${place}"`
  return new NsnetError('RUN_NOT_FOUND', message, `${there}; nsnet list shows all runs`)
}

function oneOf(run: Run, wanted: string | undefined): string {
  const id = run.started.run
  const names = [...netnsOfRun(run).keys()]
  const [first] = names
  if (first === undefined) {
    const message = `expected a run with a netns, run ${id} has none now`
    throw new NsnetError('USAGE', message, `see where it stands: nsnet show ${id}`)
  }
  if (wanted === undefined && names.length === 1) return first
  if (wanted !== undefined && names.includes(wanted)) return wanted
  const got = wanted === undefined ? 'several' : `"${wanted}"`
  const message = `expected one netns of run ${id}, got ${got}; it works in ${names.join(', ')}`
  throw new NsnetError('USAGE', message, `say which: nsnet exec ${id}/${first} -- COMMAND`)
}

/** The named netns that a run made or works in, each with what identifies it, where that is journaled. */
function netnsOfRun({ steps }: Run): ReadonlyMap<string, NetnsId | undefined> {
  const found = new Map<string, NetnsId | undefined>()
  for (const { open, status, resources = {}, netns = {} } of steps.values()) {
    if (!open && status !== 'satisfied') continue
    const { creates = [], uses = [], shares = [] } = resources
    for (const name of [...creates, ...uses, ...shares].flatMap(netnsIn)) found.set(name, found.get(name))
    for (const [name, identity] of Object.entries(netns)) found.set(name, identity)
  }
  return found
}

function expectThatVeryOne(run: Run, name: string, there: NetnsIds): void {
  const id = run.started.run
  const [known, found] = [netnsOfRun(run).get(name), there[name]]
  if (run.started.facts.boot !== bootOf()) {
    const message = `expected a run of this boot, but the machine was started anew since run ${id}`
    throw new NsnetError('OTHER_NETNS', message, `set it up again: nsnet resume ${id}`)
  }
  if (found === undefined) {
    const message = `expected the netns ${name} of run ${id}, found none of that name`
    throw new NsnetError('OTHER_NETNS', message, `see what the run made: nsnet show ${id}`)
  }
  if (known === undefined || equal(known, found)) return
  const message = `expected the netns ${name} of run ${id}, found another one of that name: somebody made it anew`
  throw new NsnetError('OTHER_NETNS', message, `to enter it all the same: nsnet exec ${name} -- COMMAND`)
}
