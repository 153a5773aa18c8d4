import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Output } from '../../core/command.ts'
import { sandboxed, type Sandboxed } from './sandbox.ts'

/** A sandbox in which all that nsnet leaves behind is kept: what it prints, what it writes, and what it runs. */
export interface Spied extends Sandboxed {
  /** Runs nsnet with inputs in its environment. */
  readonly nsnetWith: (inputs: { readonly [name: string]: string }, ...args: readonly string[]) => Promise<Output>
  /** Words that put a command into this environment, without inputs. */
  readonly environment: readonly string[]
  readonly state: string
  /** Everything so far: stdout and stderr, every file of the state directory with its name, every argument of a program and what it is given of the inputs. */
  readonly traces: () => string
  /** The arguments of all programs so far, a line each; below, the inputs in their environment. */
  readonly commands: () => readonly string[]
}

/** Programs that note their arguments and then do what they do. */
const programs = ['setpriv', 'ip', 'sysctl', 'nft', 'iptables-nft', 'iptables-nft-restore', 'iptables-nft-save']

/** Opens such a sandbox for the running test. */
export async function spied(): Promise<Spied> {
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-spied-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const [bin, state, log] = [join(dir, 'bin'), join(dir, 'state'), join(dir, 'commands')]
  mkdirSync(bin)
  for (const name of programs) {
    const path = join(bin, name)
    const note = `{ printf '%s ' ${name} "$@"; echo; env | grep ^NSNET_INPUT_; } >>${log}`
    writeFileSync(path, `#!/bin/sh\n${note}\nexec "$(PATH=\${PATH#${bin}:}; command -v ${name})" "$@"\n`)
    chmodSync(path, 0o755)
  }
  const world = await sandboxed()
  const shown: string[] = []
  const environment = [
    'env',
    'NSNET_SANDBOX=1',
    `NSNET_STATE_DIR=${state}`,
    `PATH=${bin}:${process.env['PATH']}:/usr/sbin`,
  ]
  const nsnetWith: Spied['nsnetWith'] = async (inputs, ...args) => {
    const given = Object.entries(inputs).map(([name, value]) => `NSNET_INPUT_${name}=${value}`)
    const argv = [...environment, ...given, process.execPath, resolve('dist/nsnet.js'), ...args]
    const output = await world.exec({ argv, timeoutMs: 60_000 })
    shown.push(output.stdout, output.stderr)
    return output
  }
  const commands = (): readonly string[] => readFileSync(log, 'utf8').split('\n')
  const written = (): readonly string[] =>
    readdirSync(state, { recursive: true, withFileTypes: true }).flatMap((file) => [
      file.name,
      file.isFile() ? readFileSync(join(file.parentPath, file.name), 'latin1') : '',
    ])
  return {
    ...world,
    nsnetWith,
    nsnet: (...args) => nsnetWith({}, ...args),
    environment,
    state,
    commands,
    traces: () => [...shown, ...written(), ...commands()].join('\n'),
  }
}
