import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cleanUp } from '../world.ts'
import { script, type Peer } from './scripts.ts'

/** Where the plugins are: on Debian, and where runtimes put them. */
const PLACES = ['/usr/lib/cni', '/opt/cni/bin']

/** Rules that accept or masquerade: two of each plugin. */
const RULES = 4

/** Where host-local keeps the addresses that it gave away. */
const ADDRESSES = '/run/cni-addresses'

/**
 * The CNI plugins `bridge` (with `host-local`) and `firewall`, called as a runtime calls them: parameters in the environment,
 * the configuration by stdin, the result of the first in that of the second. They make a bridge in the place of the host's
 * end of a veth, and leave it, their chains and forwarding behind; a netns they expect to be there.
 *
 * @see https://www.cni.dev/docs/spec/
 */
export function cni(dir: string): Peer {
  const plugins = PLACES.find((place) => existsSync(join(place, 'bridge')))
  const environment = `export CNI_PATH=${plugins} CNI_CONTAINERID=bench CNI_NETNS=/run/netns/ns1 CNI_IFNAME=veth-ns`
  const call = (command: string, plugin: string, config: object, result = ''): string =>
    `CNI_COMMAND=${command} ${plugins}/${plugin} <<END\n${JSON.stringify(config).slice(0, -1)}${result}}\nEND`
  const up = `
ip netns add ns1
ip -n ns1 link set lo up
${environment}
result=$(${call('ADD', 'bridge', bridge)}
)
${call('ADD', 'firewall', firewall, ',"prevResult":$result')}
echo "$result" > /run/cni-result`
  const down = `
${environment}
result=$(</run/cni-result)
${call('DEL', 'firewall', firewall, ',"prevResult":$result')}
${call('DEL', 'bridge', bridge, ',"prevResult":$result')}
ip netns del ns1`
  const missing = plugins === undefined ? 'apt-get install containernetworking-plugins' : undefined
  return { ...script(dir, 'CNI plugins', up, down), rules: RULES, sweep, missing }
}

/** Takes away what the plugins leave. */
function sweep(): void {
  rmSync(ADDRESSES, { recursive: true, force: true })
  cleanUp()
}

const bridge = {
  cniVersion: '0.4.0',
  name: 'bench',
  type: 'bridge',
  bridge: 'cni0',
  isGateway: true,
  ipMasq: true,
  ipam: { type: 'host-local', subnet: '10.0.0.0/24', routes: [{ dst: '0.0.0.0/0' }], dataDir: ADDRESSES },
}

const firewall = { cniVersion: '0.4.0', name: 'bench', type: 'firewall', backend: 'iptables' }
