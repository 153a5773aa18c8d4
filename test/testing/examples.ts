import type { Example } from '../../testing/trial.ts'
import { kernelHas } from '../support/kinds.ts'

/** A netns, a veth with one end in it, and an address here: what many examples stand on. */
const cable = [
  { uses: 'netns', with: { netns: 'ns1' } },
  { uses: 'veth', with: { name: 'veth-host', peer: { name: 'veth-ns', netns: 'ns1' } } },
  { uses: 'link', with: { link: 'veth-host', state: 'up' } },
  { uses: 'link', with: { link: 'veth-ns', netns: 'ns1', state: 'up' } },
  { uses: 'addr', with: { link: 'veth-host', address: '10.0.0.1/24' } },
]

/** A table and a chain that belong to somebody else, with a rule in each. */
const others = [
  'iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE',
  'nft add table inet others',
  `nft add chain inet others input '{ type filter hook input priority 0; policy accept; }'`,
  'nft add rule inet others input tcp dport 22 accept',
]

/** Examples of links of a kind that some kernels lack. */
const ofKind = (kind: string, ...given: readonly Example[]): readonly Example[] | { readonly skip: string } =>
  kernelHas(kind) ? given : { skip: `this kernel has no links of the kind ${kind}` }

const trunk = ['ip netns add ns1', 'ip link add v0 type veth peer name v1']

/**
 * By which each step type that nsnet brings along is proved, two or three a type; they cost one to two seconds each. A type
 * that no kernel can show in a sandbox has a reason instead.
 */
export const examples: { readonly [type: string]: readonly Example[] | { readonly skip: string } } = {
  netns: [{ input: { netns: 'ns1' } }, { input: { netns: 'ns2' }, before: ['ip netns add ns1'] }],
  veth: [
    { input: { name: 'v0', peer: { name: 'v1' } } },
    {
      input: { name: 'v0', netns: 'ns1', mtu: 1400, peer: { name: 'v1', mac: '02:00:00:00:00:01' } },
      before: ['ip netns add ns1'],
    },
  ],
  link: [
    { input: { link: 'veth-ns', netns: 'ns1', state: 'down', mtu: 1200, mac: '02:00:00:00:00:01' }, before: cable },
    {
      input: { link: 'v0', moveTo: 'ns1', alias: 'to the lab', state: 'up' },
      before: ['ip netns add ns1', 'ip link add v0 type veth peer name v1'],
    },
  ],
  addr: [
    { input: { link: 'veth-ns', netns: 'ns1', address: '10.0.0.2/24' }, before: cable },
    { input: { link: 'veth-ns', netns: 'ns1', address: '2001:db8::2/64', nodad: true }, before: cable },
  ],
  route: [
    { input: { to: '10.9.0.0/16', via: '10.0.0.2', metric: 50 }, before: cable },
    { input: { to: 'default', via: '198.51.100.7', replace: true } },
  ],
  sysctl: [
    { input: { key: 'net.ipv4.ip_forward', value: 1 } },
    { input: { key: 'net.ipv6.conf.veth-ns.disable_ipv6', value: 1, netns: 'ns1' }, before: cable },
  ],
  iptables: [
    { input: { table: 'nat', chain: 'POSTROUTING', rule: '-s 10.0.0.0/24 -j MASQUERADE' }, before: others },
    { input: { chain: 'FORWARD', policy: 'DROP', family: 'ipv6' } },
  ],
  nftables: [
    { input: { family: 'inet', table: 'others', chain: 'input', rule: 'tcp dport 80 accept' }, before: others },
    {
      input: {
        ruleset:
          'table inet own { chain c { type filter hook forward priority 0; policy accept; ct state new accept; } }',
        netns: 'ns1',
      },
      before: ['ip netns add ns1'],
    },
  ],
  rule: [
    { input: { from: '10.0.0.0/24', table: 100, priority: 1000 } },
    {
      input: { iif: 'veth-host', ipproto: 'tcp', dport: 25, action: 'prohibit' },
      before: ['ip rule add from 10.0.0.0/24 lookup 101', 'ip rule add iif veth-host prohibit priority 7'],
    },
    { input: { netns: 'ns1', family: 'ipv6', fwmark: '0x10/0xff', table: 7 }, before: cable },
  ],
  neigh: [
    { input: { link: 'veth-ns', netns: 'ns1', address: '10.0.0.1', mac: '02:00:00:00:00:01' }, before: cable },
    { input: { link: 'veth-host', address: '2001:db8::9', proxy: true }, before: cable },
    {
      input: { link: 'enp1s0', address: '198.51.100.9', mac: '02:00:00:00:00:01', replace: true },
      before: ['ip neigh add 198.51.100.9 lladdr 02:00:00:00:00:02 dev enp1s0'],
    },
  ],
  qdisc: [
    { input: { link: 'veth-host', kind: 'pfifo', limit: 9 }, before: cable },
    { input: { link: 'veth-ns', netns: 'ns1', kind: 'bfifo', limit: 90_000 }, before: cable },
  ],
  nftset: [
    {
      input: {
        family: 'inet',
        table: 'others',
        name: 'own',
        type: 'inet_service',
        flags: ['interval'],
        elements: [22, '80-90'],
      },
      before: others,
    },
    {
      input: { family: 'inet', table: 'others', name: 'shared', type: 'ipv4_addr', elements: ['10.0.0.1', '10.0.0.2'] },
      before: [
        'nft add table inet others',
        `nft add set inet others shared '{ type ipv4_addr; elements = { 10.0.0.2, 10.0.0.3 } }'`,
      ],
    },
  ],
  dns: [
    { input: { netns: 'ns1', nameservers: ['192.0.2.1'], hosts: { '10.0.0.1': ['gateway'] } } },
    {
      input: { netns: 'ns1', nameservers: ['192.0.2.1'], search: ['lab.example.org'] },
      before: [
        'mkdir -p /etc/netns/ns1',
        'printf "no end" >/etc/netns/ns1/resolv.conf',
        'chmod 604 /etc/netns/ns1/resolv.conf',
      ],
    },
  ],
  file: [
    { input: { path: '/etc/netns/ns1/a/b', content: 'new, $(id)\n', mode: '0600' } },
    {
      input: { path: '/etc/netns/old', content: 'no end' },
      before: ['mkdir -p /etc/netns', 'echo old >/etc/netns/old'],
    },
  ],
  wait: [
    { input: { link: 'enp1s0' } },
    { input: { netns: 'ns1', address: '127.0.0.1' }, before: ['ip netns add ns1', 'ip -n ns1 link set dev lo up'] },
  ],
  bridge: [
    { input: { name: 'br0', ports: ['v0'], stp: true }, before: trunk },
    { input: { name: 'br0', netns: 'ns1', mtu: 1400 }, before: trunk },
  ],
  macvlan: [{ input: { name: 'm0', link: 'v0', mode: 'bridge' }, before: trunk }],
  vxlan: [{ input: { name: 'x0', id: 42, remote: '198.51.100.7', port: 4789 }, before: trunk }],
  tun: [{ input: { name: 't0', mode: 'tap', netns: 'ns1' }, before: trunk }],
  dummy: ofKind('dummy', { input: { name: 'd0' } }),
  vlan: ofKind('vlan', { input: { name: 'v0.7', link: 'v0', id: 7 }, before: trunk }),
  ipvlan: ofKind('ipvlan', { input: { name: 'i0', link: 'v0' }, before: trunk }),
  wireguard: ofKind('wireguard', { input: { name: 'w0', privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=' } }),
  exec: [
    {
      input: { probe: ['test', '-d', '/run/lab'], apply: ['mkdir', '/run/lab'], undo: ['rmdir', '/run/lab'] },
      looks: ['ls /run'],
    },
    {
      input: {
        probe: ['cat', '/sys/class/net/enp1s0/tx_queue_len'],
        expect: '500',
        apply: ['ip', 'link', 'set', 'dev', 'enp1s0', 'txqueuelen', '500'],
        undo: ['ip', 'link', 'set', 'dev', 'enp1s0', 'txqueuelen', '@before'],
        uses: ['link:host/enp1s0'],
      },
    },
  ],
  workflow: { skip: 'it stands for the steps of another file, which nsnet takes in its place before anything is run' },
  check: [{ input: { ping: '203.0.113.10', count: 1 } }],
}
