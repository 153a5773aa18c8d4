import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { users } from '../support/users.ts'
import type { Sandboxed } from '../support/sandbox.ts'
import { dropsForwarded, livesThrough, outside } from '../support/shipped.ts'

const inWeb = 'ip netns exec web'

test.each(users)('for %s, a port of the host leads to a service in a namespace, from everywhere', async (_, open) => {
  const world = await open()
  await dropsForwarded(world)
  await livesThrough(world, {
    name: 'port-forward',
    args: [],
    during: async () => {
      const end = await serve(world)
      const other = ['workflows/internet.json', '--set', 'netns=other', '--set', 'prefix=10.6.0.0/24']
      expect(await world.nsnet('run', ...other, '--id', 'other')).toMatchObject({ exitCode: 0 })
      const theHost = '198.51.100.2'
      expect(await told(world, outside, theHost)).toBe('198.51.100.1')
      expect(await told(world, inWeb, theHost)).toBe('10.5.0.1')
      expect(await told(world, inWeb, '10.5.0.1')).toBe('10.5.0.1')
      expect(await told(world, 'ip netns exec other', theHost)).toBe('10.6.0.2')
      expect(await told(world, 'env', theHost)).toBe(theHost)
      const serves = ['workflows/port-forward.json', '--set', 'serves=true', '--id', 'served']
      expect(await world.nsnet('run', ...serves)).toMatchObject({ exitCode: 0 })
      expect(await world.nsnet('show', 'served', '--step', 'served')).toMatchObject({
        stdout: expect.stringMatching(/satisfied/),
      })
      await end()
      expect(await told(world, outside, theHost)).toBe('ECONNREFUSED')
      for (const id of ['served', 'other']) expect(await world.nsnet('undo', id)).toMatchObject({ exitCode: 0 })
    },
  })
  expect(await told(world, outside, '198.51.100.2')).toBe('ECONNREFUSED')
})

/** A server in the netns that tells each client where it sees it come from. */
const server = `
require('node:net')
  .createServer((socket) => socket.on('error', () => {}).end(socket.remoteAddress))
  .listen(80, '0.0.0.0', () => console.log('ready'))`

/** Starts the server; gives what ends it. */
async function serve({ enter }: Sandboxed): Promise<() => Promise<void>> {
  const [program, ...args] = [...enter, ...inWeb.split(' '), process.execPath, '-e', server]
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const exited = once(child, 'exit')
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
    await exited
  }
  onTestFinished(end)
  expect(String((await once(child.stdout, 'data'))[0])).toBe('ready\n')
  return end
}

/** Connects to the port of the host; gives what the server says, or why there is none. */
async function told({ exec }: Sandboxed, enter: string, host: string): Promise<string> {
  const client = `
    require('node:net')
      .connect({ port: 8080, host: '${host}', timeout: 2000 })
      .on('data', (text) => console.log(String(text)))
      .on('timeout', function () { this.destroy(new Error('timeout')) })
      .on('error', ({ code, message }) => console.log(code ?? message))`
  return (await exec({ argv: [...enter.split(' '), process.execPath, '-e', client] })).stdout.trim()
}
