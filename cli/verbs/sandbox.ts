import { runInSandbox } from '../sandbox/sandbox.ts'

/** `nsnet sandbox -- COMMAND…`: runs a command (a shell by default) in a little world of its own. */
export function sandbox(command: readonly string[]): Promise<number> {
  const argv = command.length > 0 ? command : [process.env['SHELL'] ?? 'sh']
  if (command.length === 0 && process.stderr.isTTY) process.stderr.write(banner)
  return runInSandbox([...argv], { interactive: true })
}

const banner = `a shell in the sandbox: a host with the uplink enp1s0, and an internet that answers
to google.com; the command nsnet is there. "exit" leaves, and all of it is gone.
`
