import { inNetns } from '../../core/command.ts'
import { toolPath } from '../../core/tool-path.ts'
import { here, type Place } from '../../library/place.ts'
import { childOf } from '../../library/sandbox/holder.ts'
import { openSandbox, type OpenSandbox } from '../../library/sandbox/sandbox.ts'
import { BIN, STATE } from '../../library/sandbox/world.ts'
import { asIs, inForeground } from '../foreground.ts'

/** Where a run and the command in it work. */
export interface Site {
  readonly place: Place
  /** The directory of runs; undefined for the usual one. */
  readonly stateDir: string | undefined
  /** Nobody else is there. */
  readonly isPrivate: boolean
  /** Runs the command there, with these variables; gives its exit code. */
  readonly run: (
    argv: readonly string[],
    netns: string | undefined,
    env: { readonly [name: string]: string },
  ) => Promise<number>
  readonly end: () => Promise<void>
}

/** The machine itself. */
export const onHost: Site = {
  place: here,
  stateDir: undefined,
  isPrivate: false,
  run: (argv, netns, env) => inForeground(inNetns(netns, argv), { ...asIs, env }),
  end: async () => undefined,
}

/** Makes a sandbox, in which `nsnet` is this one. @throws SANDBOX_UNAVAILABLE */
export async function inSandbox(): Promise<Site> {
  const box = await openSandbox([process.execPath, process.argv[1]!])
  return {
    place: box.place,
    stateDir: box.stateDir,
    isPrivate: true,
    run: (argv, netns, env) =>
      inForeground([...entering(box), ...inNetns(netns, argv)], {
        env: { NSNET_SANDBOX: '1', NSNET_STATE_DIR: STATE, PATH: `${BIN}:${toolPath()}`, ...env },
        target: childOf,
      }),
    end: box.end,
  }
}

/**
 * Words that put a command of the terminal's into a sandbox. Its parent has to outlive a Ctrl-C, which the terminal gives to both,
 * and to tell how the command ended: a shell with a trap does, nsenter(1) and unshare(1) do not. What the shell itself
 * says of a command that was killed is nobody's business. It passes on the variables that have names of a shell's.
 */
function entering({ holder }: OpenSandbox): readonly string[] {
  const at = holder.enter.indexOf('--')
  return [...holder.enter.slice(0, at), '--no-fork', '--', 'sh', '-c', waiting, 'sh']
}

const waiting = `trap : INT QUIT
exec 9>&2 2>/dev/null
"$@" 2>&9 9>&-
exit $?`
