import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sandboxed, type Sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-uplink-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const file = join(dir, 'uplink.json')
writeFileSync(file, '{ "name": "u", "inputs": { "u": { "default": "${{ host.uplink }}" } }, "steps": [] }')

async function uplink(world: Sandboxed): Promise<unknown> {
  const { inputs, error } = JSON.parse((await world.nsnet('validate', file, '--json')).stdout)
  return error?.message.includes('found no default route') ? '' : inputs.u
}

/** The link of the best default route as ip(8) tells it. */
async function toldByIp(world: Sandboxed): Promise<string> {
  const list = async (family: string): Promise<readonly { readonly dev?: string; readonly metric?: number }[]> =>
    JSON.parse((await world.sh(`ip ${family} -json route show default type unicast`)).trim() || '[]')
  const best = async (family: string) =>
    (await list(family)).toSorted((a, b) => (a.metric ?? 0) - (b.metric ?? 0)).find(({ dev }) => dev !== undefined)?.dev
  return (await best('-4')) ?? (await best('-6')) ?? ''
}

/** What is done to the routes, one after the other, and which link the default route goes out of then. */
const changes: readonly (readonly [string, string])[] = [
  ['true', 'enp1s0'],
  ['ip link add name wan1 type veth peer name wan2 && ip address add 192.0.2.1/24 dev wan1', 'enp1s0'],
  ['ip link set wan1 up && ip link set wan2 up && ip route add default via 192.0.2.2 metric 50', 'enp1s0'],
  ['ip route del default dev enp1s0 && ip route add default via 198.51.100.1 metric 100', 'wan1'],
  ['ip route add default via 198.51.100.1 metric 50 tos 4', 'enp1s0'],
  ['ip -4 route flush default && ip route add default via 192.0.2.2 table 77', 'enp1s0'],
  ['ip route add unreachable default metric 4', 'enp1s0'],
  ['ip -6 route add default via 2001:db8:51::9 dev enp1s0 metric 9 table 77', 'enp1s0'],
  ['ip -6 route del default table main', ''],
  ['ip -6 route del default table 77', ''],
]

test('the uplink is the link of the best default route of the main table', async () => {
  const world = await sandboxed()
  for (const [change, link] of changes) {
    for (const command of change.split(' && ')) await world.sh(command)
    expect({ change, uplink: await uplink(world) }).toEqual({ change, uplink: link })
    expect({ change, uplink: await toldByIp(world) }).toEqual({ change, uplink: link })
  }
})
