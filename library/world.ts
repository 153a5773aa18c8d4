import { NsnetError } from '../core/errors.ts'
import { defaultStateDir, openStore, type Store } from '../journal/store.ts'
import { here, type Place } from './place.ts'
import { expectPrivilege } from './privilege.ts'
import { expectThere, openSandbox, type OpenSandbox, type Sandbox } from './sandbox/sandbox.ts'

/** Where runs work, and where they are journaled. */
export interface World {
  readonly place: Place
  readonly store: Store
  readonly sandbox: OpenSandbox | undefined
  /** The sandbox ends with the run. */
  readonly isOwn: boolean
}

/** How a world is asked for. */
export interface WorldOptions {
  readonly stateDir?: string | undefined
  readonly sandbox?: Sandbox | boolean | undefined
}

/** Opens the world that the options name. @throws SANDBOX_UNAVAILABLE, SANDBOX_GONE, STATE_DIR_UNSAFE, USAGE */
export async function worldOf({ stateDir, sandbox }: WorldOptions): Promise<World> {
  if (sandbox === undefined || sandbox === false) {
    const store = await openStore(stateDir ?? defaultStateDir(process.env))
    return { place: here, store, sandbox: undefined, isOwn: false }
  }
  const isOwn = sandbox === true
  const open = isOwn ? await openSandbox([]) : known(sandbox)
  try {
    return { place: open.place, store: await openStore(stateDir ?? open.stateDir), sandbox: open, isOwn }
  } catch (error) {
    if (isOwn) await open.end()
    throw error
  }
}

/** Refuses to change the kernel where this process may not. @throws NEEDS_PRIVILEGE */
export function expectMayChange({ sandbox }: World): void {
  if (sandbox === undefined) expectPrivilege('give the option sandbox: true, or run the program with sudo')
}

/** Ends what was made for one run alone. */
export async function leave({ sandbox, isOwn }: World): Promise<void> {
  if (isOwn) await sandbox?.end()
}

function known(sandbox: Sandbox): OpenSandbox {
  if (typeof sandbox !== 'object' || sandbox === null || !('holder' in sandbox))
    throw new NsnetError('USAGE', 'expected a sandbox that sandbox() made, got something else', 'true makes one')
  const open = sandbox as OpenSandbox
  // its files are below a directory of its process
  expectThere(open.holder)
  return open
}
