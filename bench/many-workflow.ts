import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Rules for each netns of the job: one to masquerade, two to accept. */
export const RULES_EACH = 3

const shipped = resolve('workflows/many.json')

/** The words that give nsnet a workflow of so many netns: the shipped one, or one that lists each of their steps. */
export function manyWorkflow(dir: string, count: number): readonly string[] {
  if (existsSync(shipped)) return [shipped, '--set', `count=${count}`]
  const path = join(dir, `many-${count}.json`)
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  writeFileSync(path, JSON.stringify({ name: 'many', steps: [forwarding, ...numbers.flatMap(stepsOf)] }))
  return [path]
}

const forwarding = { id: 'forwarding', uses: 'sysctl', with: { key: 'net.ipv4.ip_forward', value: 1 } }

/** The steps of netns number i: the same job that the peers do. */
function stepsOf(i: number): readonly object[] {
  const [netns, host, inside] = [`many${i}`, `v${i}`, 'eth0']
  const [network, first, second] = [address(i * 4), address(i * 4 + 1), address(i * 4 + 2)]
  const back = `-i eth0 -o ${host} -m state --state RELATED,ESTABLISHED -j ACCEPT`
  return [
    { id: `netns-${i}`, uses: 'netns', with: { netns } },
    { id: `cable-${i}`, uses: 'veth', with: { name: host, peer: { name: inside, netns } } },
    { id: `host-address-${i}`, uses: 'addr', with: { link: host, address: `${first}/30` } },
    { id: `host-up-${i}`, uses: 'link', with: { link: host, state: 'up' } },
    { id: `address-${i}`, uses: 'addr', with: { netns, link: inside, address: `${second}/30` } },
    { id: `up-${i}`, uses: 'link', with: { netns, link: inside, state: 'up' } },
    { id: `loopback-${i}`, uses: 'link', with: { netns, link: 'lo', state: 'up' } },
    { id: `route-${i}`, uses: 'route', with: { netns, to: 'default', via: first } },
    nat(i, `-s ${network}/30 -o eth0 -j MASQUERADE`),
    { id: `out-${i}`, uses: 'iptables', with: { chain: 'FORWARD', rule: `-i ${host} -o eth0 -j ACCEPT` } },
    { id: `back-${i}`, uses: 'iptables', with: { chain: 'FORWARD', rule: back } },
  ]
}

const nat = (i: number, rule: string): object => ({
  id: `masquerade-${i}`,
  uses: 'iptables',
  with: { table: 'nat', chain: 'POSTROUTING', rule },
})

const address = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
