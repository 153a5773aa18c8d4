import type { Example } from '../../testing/trial.ts'
import { kernelHas, kernelQueues } from '../support/kinds.ts'

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

/** An example, and what the kernel at hand lacks for it. */
export type Tried = Example & { readonly lacks?: string }

/** Examples that some kernels lack something for. */
const where = (has: boolean, what: string, ...given: readonly Example[]): readonly Tried[] =>
  has ? given : given.map((example) => ({ ...example, lacks: what }))

const ofKind = (kind: string, ...given: readonly Example[]): readonly Tried[] =>
  where(kernelHas(kind), `links of the kind ${kind}`, ...given)

const queuing = (words: string, ...given: readonly Example[]): readonly Tried[] =>
  where(kernelQueues(...(words.split(' ') as [string, ...string[]])), `the qdisc ${words}`, ...given)

const trunk = ['ip netns add ns1', 'ip link add v0 type veth peer name v1']

/** The same by steps, with the second end in a netns. */
const wire = [
  { uses: 'netns', with: { netns: 'ns1' } },
  { uses: 'veth', with: { name: 'v0', peer: { name: 'v1', netns: 'ns1' } } },
]

const twoNetns = ['ns1', 'ns2'].map((netns) => ({ uses: 'netns', with: { netns } }))

/** A server on a port of lo, which ends with the sandbox. */
const server = [
  'ip link set dev lo up',
  `node=${process.execPath}; $node -e 'require("net").createServer().listen(8080, "127.0.0.1")' >/dev/null 2>&1 </dev/null &`,
  'until ss -lnt | grep -q :8080; do sleep 0.05; done',
]

/**
 * By which each step type that nsnet brings along is proved: each field of its input is in one of them. They cost one to two
 * seconds each.
 */
export const examples: { readonly [type: string]: readonly Tried[] } = {
  netns: [{ input: { netns: 'ns1' } }, { input: { netns: 'ns2' }, before: ['ip netns add ns1'] }],
  veth: [
    { input: { name: 'v0', peer: { name: 'v1' } } },
    {
      input: {
        name: 'v0',
        netns: 'ns1',
        mtu: 1400,
        mac: '02:00:00:00:00:01',
        peer: { name: 'v1', netns: 'ns2', mtu: 1300, mac: '02:00:00:00:00:02' },
      },
      before: twoNetns,
    },
  ],
  link: [
    { input: { link: 'veth-ns', netns: 'ns1', state: 'down', mtu: 1200, mac: '02:00:00:00:00:01' }, before: cable },
    {
      input: { link: 'v0', moveTo: 'ns1', alias: 'to the lab', state: 'up' },
      before: ['ip netns add ns1', 'ip link add v0 type veth peer name v1'],
    },
    { input: { link: 'v0', master: 'br0' }, before: [...wire, { uses: 'bridge', with: { name: 'br0' } }] },
  ],
  addr: [
    { input: { link: 'veth-ns', netns: 'ns1', address: '10.0.0.2/24' }, before: cable },
    { input: { link: 'veth-ns', netns: 'ns1', address: '2001:db8::2/64', nodad: true }, before: cable },
    {
      input: { link: 'veth-host', address: '10.1.0.1/24', broadcast: '+', scope: 'link', label: 'veth-host:lab' },
      before: cable,
    },
    { input: { link: 'veth-host', address: '10.2.0.1/32', peer: '10.2.0.2' }, before: cable },
  ],
  route: [
    { input: { to: '10.9.0.0/16', via: '10.0.0.2', metric: 50 }, before: cable },
    { input: { to: 'default', via: '198.51.100.7', replace: true } },
    {
      input: { to: '10.8.0.0/16', via: '10.7.0.9', dev: 'veth-host', src: '10.0.0.1', table: 100, onlink: true },
      before: cable,
    },
    { input: { netns: 'ns1', to: 'default', family: 'ipv6', type: 'blackhole' }, before: cable },
  ],
  sysctl: [
    { input: { key: 'net.ipv4.ip_forward', value: 1 } },
    { input: { key: 'net.ipv6.conf.veth-ns.disable_ipv6', value: 1, netns: 'ns1' }, before: cable },
  ],
  iptables: [
    { input: { table: 'nat', chain: 'POSTROUTING', rule: '-s 10.0.0.0/24 -j MASQUERADE' }, before: others },
    { input: { chain: 'FORWARD', policy: 'DROP', family: 'ipv6' } },
    {
      input: { netns: 'ns1', chain: 'INPUT', rule: ['-p', 'tcp', '-j', 'ACCEPT'], position: 1 },
      before: [
        { uses: 'netns', with: { netns: 'ns1' } },
        { uses: 'iptables', with: { netns: 'ns1', chain: 'INPUT', rule: '-p udp -j DROP' } },
      ],
    },
  ],
  nftables: [
    { input: { family: 'inet', table: 'others', chain: 'input', rule: 'tcp dport 80 accept' }, before: others },
    {
      input: { table: 'lab', chain: 'input', rule: 'tcp dport 80 accept', position: 'first' },
      before: [{ uses: 'nftables', with: { ruleset: 'table ip lab { chain input { tcp dport 22 accept; } }' } }],
    },
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
    {
      input: {
        not: true,
        to: '10.1.0.0/16',
        oif: 'veth-host',
        ipproto: 'udp',
        sport: '100-200',
        table: 'main',
        suppressPrefixlength: 0,
      },
      before: cable,
    },
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
    ...queuing('tbf rate 1mbit burst 10kb latency 50ms', {
      input: { link: 'veth-host', kind: 'tbf', rate: '1mbit', burst: '10kb', latency: '50ms' },
      before: cable,
    }),
    ...queuing('netem delay 10ms', {
      input: {
        link: 'veth-host',
        kind: 'netem',
        delay: '10ms',
        jitter: '1ms',
        loss: 1,
        duplicate: 2,
        corrupt: 3,
      },
      before: cable,
    }),
    ...queuing('fq_codel', {
      input: { link: 'veth-host', kind: 'fq_codel', target: '5ms', interval: '100ms', limit: 100 },
      before: cable,
    }),
    ...queuing('sfq', { input: { link: 'veth-host', kind: 'sfq', perturb: 10 }, before: cable }),
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
    {
      input: { netns: 'ns1', table: 'lab', name: 'own', type: 'ipv4_addr', elements: ['10.0.0.1'] },
      before: [
        { uses: 'netns', with: { netns: 'ns1' } },
        { uses: 'nftables', with: { netns: 'ns1', ruleset: 'table ip lab { }' } },
      ],
    },
  ],
  dns: [
    { input: { netns: 'ns1', nameservers: ['192.0.2.1'], hosts: { '10.0.0.1': ['gateway'] } } },
    {
      input: { netns: 'ns1', nameservers: ['192.0.2.1'], search: ['lab.example.org'], options: ['ndots:2'] },
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
    { input: { link: 'enp1s0', state: 'up', within: 1, every: 0.1 } },
    { input: { tcp: '127.0.0.1:8080' }, before: server },
    { input: { file: '/etc/hosts' } },
  ],
  bridge: [
    { input: { name: 'br0', ports: ['v0'], stp: true }, before: trunk },
    {
      input: {
        name: 'br0',
        netns: 'ns1',
        mtu: 1400,
        mac: '02:00:00:00:00:01',
        forwardDelay: 4,
        ports: ['v1'],
      },
      before: wire,
    },
    ...where(kernelHas('bridge', 'vlan_filtering', '1'), 'bridges that filter VLANs', {
      input: { name: 'br0', vlanFiltering: true },
      before: trunk,
    }),
  ],
  macvlan: [
    { input: { name: 'm0', netns: 'ns1', link: 'v0', mode: 'private' }, before: trunk },
    {
      input: { name: 'm0', link: 'v1', linkNetns: 'ns1', mtu: 1400, mac: '02:00:00:00:00:01' },
      before: wire,
    },
  ],
  vxlan: [
    { input: { name: 'x0', id: 42, remote: '198.51.100.7', port: 4789 }, before: trunk },
    {
      input: {
        name: 'x0',
        netns: 'ns1',
        mtu: 1300,
        mac: '02:00:00:00:00:01',
        id: 7,
        group: '239.1.1.1',
        local: '10.0.0.1',
        link: 'veth-host',
        port: 8472,
        learning: false,
      },
      before: cable,
    },
    { input: { name: 'x0', id: 7, group: '239.1.1.1', link: 'v1', linkNetns: 'ns1' }, before: wire },
  ],
  tun: [
    { input: { name: 't0', mode: 'tap', netns: 'ns1' }, before: trunk },
    {
      input: { name: 't0', mode: 'tap', mtu: 1400, mac: '02:00:00:00:00:01', user: 'root', group: '0' },
    },
  ],
  dummy: ofKind(
    'dummy',
    { input: { name: 'd0' } },
    { input: { name: 'd0', netns: 'ns1', mtu: 1400, mac: '02:00:00:00:00:01' }, before: wire },
  ),
  vlan: ofKind(
    'vlan',
    { input: { name: 'v0.7', link: 'v0', id: 7 }, before: trunk },
    {
      input: {
        name: 'v1.7',
        netns: 'ns1',
        link: 'v0',
        id: 7,
        protocol: '802.1ad',
        mtu: 1400,
        mac: '02:00:00:00:00:01',
      },
      before: wire,
    },
    { input: { name: 'v1.7', link: 'v1', linkNetns: 'ns1', id: 7 }, before: wire },
  ),
  ipvlan: ofKind(
    'ipvlan',
    { input: { name: 'i0', link: 'v0' }, before: trunk },
    { input: { name: 'i0', netns: 'ns1', link: 'v0', mode: 'l3', mtu: 1400 }, before: wire },
    { input: { name: 'i0', link: 'v1', linkNetns: 'ns1' }, before: wire },
  ),
  wireguard: ofKind(
    'wireguard',
    { input: { name: 'w0', privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=' } },
    {
      input: {
        name: 'w0',
        netns: 'ns1',
        outerNetns: 'ns2',
        mtu: 1400,
        privateKey: 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=',
        listenPort: 51_820,
        peers: [
          {
            publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=',
            presharedKey: 'FpCyhws9cxwWoV4xELtfJvjJN+zQVRPISllRWgeopVE=',
            endpoint: '192.0.2.1:51820',
            allowedIps: ['10.0.0.2/32'],
            keepalive: 25,
          },
        ],
      },
      before: twoNetns,
    },
  ),
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
    {
      input: {
        netns: 'ns1',
        probe: { argv: ['sh', '-c', 'test -e "$PLACE" || exit 3'], okExits: [0, 3], timeout: 5, stdin: 'nothing' },
        apply: { argv: ['sh', '-c', 'cat >"$PLACE"; exit 4'], stdin: 'text', okExits: [4], timeout: 5 },
        undo: { argv: ['sh', '-c', 'rm "$PLACE"; exit 5'], stdin: 'nothing', okExits: [5], timeout: 5 },
        env: { PLACE: '/run/lab' },
        timeout: 10,
        creates: ['file:/run/lab'],
        shares: ['lab:one'],
      },
      before: ['ip netns add ns1'],
      looks: ['cat /run/lab'],
    },
  ],
  check: [
    {
      input: {
        ping: '203.0.113.10',
        count: 1,
        timeout: 1,
        within: 1,
        every: 0.5,
        source: '198.51.100.2',
        family: 'ipv4',
      },
    },
    { input: { netns: 'ns1', ping: '127.0.0.1' }, before: ['ip netns add ns1', 'ip -n ns1 link set dev lo up'] },
    { input: { tcp: '127.0.0.1:8080' }, before: server },
  ],
}
