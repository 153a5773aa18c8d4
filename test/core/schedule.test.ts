import { describe, expect, test } from 'vitest'
import { ip, show, type Command } from '../../core/command.ts'
import { groupsOf, type Group, type Work } from '../../core/effects/schedule.ts'
import type { Resources } from '../../core/resource.ts'

let count = 0
const work = (command: Command, resources: Resources = {}): Work => ({
  step: `s${++count}`,
  commands: [command],
  resources,
})

/** The processes as text, each with what it waits for: `[commands, numbers of other processes]`. */
function planned(...works: readonly Work[]): readonly (readonly [readonly string[], readonly number[]])[] {
  const groups = groupsOf(works)
  const numbers = ({ after }: Group): readonly number[] => [...after].map((it) => groups.indexOf(it)).toSorted()
  return groups.map((group) => [group.items.map(({ command }) => show(command)), numbers(group)])
}

const netns = (name: string): Work => work(ip(undefined, 'netns', 'add', name), { creates: [`netns:${name}`] })
const up = (place: string | undefined, link: string): Work =>
  work(ip(place, 'link', 'set', 'dev', link, 'up'), {
    uses: [...(place ? [`netns:${place}` as const] : []), `link:${place ?? 'host'}/${link}`],
    shares: [`link:${place ?? 'host'}/${link}/up`],
  })
const veth = (name: string, peer: string, place: string): Work =>
  work(ip(undefined, 'link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', peer, 'netns', place), {
    creates: [`link:host/${name}`, `link:${place}/${peer}`],
    uses: [`netns:${place}`],
  })
const rule = (table: string, what: string): Work =>
  work(
    { argv: ['iptables-nft', '-w', '5', '-t', table, '-A', 'FORWARD', '-o', what] },
    { shares: [`table:host/ipv4/${table}`] },
  )
const forward = work(
  { argv: ['sysctl', '-q', '-w', 'net/ipv4/ip_forward=1'] },
  { shares: ['sysctl:host/net.ipv4.ip_forward'] },
)

describe('the commands of many steps', () => {
  test('of one tool in one netns come together, those of other netns wait only for it', () => {
    const steps = ['a', 'b'].flatMap((name) => [
      netns(name),
      veth(`v${name}`, 'eth0', name),
      up(name, 'eth0'),
      up(undefined, `v${name}`),
    ])
    expect(planned(...steps)).toEqual([
      [
        [
          'ip netns add a',
          'ip link add name va type veth peer name eth0 netns a',
          'ip link set dev va up',
          'ip netns add b',
          'ip link add name vb type veth peer name eth0 netns b',
          'ip link set dev vb up',
        ],
        [],
      ],
      [['ip -n a link set dev eth0 up'], [0]],
      [['ip -n b link set dev eth0 up'], [0]],
    ])
  })
  test('of different tables of iptables do not wait for each other', () => {
    const groups = planned(rule('nat', 'x'), rule('filter', 'x'), rule('nat', 'y'), rule('filter', 'y'))
    expect(groups.map(([commands, after]) => [commands.length, after])).toEqual([
      [2, []],
      [2, []],
    ])
  })
  test('stay in their order where one netns has several tools', () => {
    const groups = planned(up(undefined, 'a'), forward, up(undefined, 'b'), rule('nat', 'b'))
    expect(groups.map(([commands, after]) => [commands[0]?.split(' ')[0], after])).toEqual([
      ['ip', []],
      ['sysctl', [0]],
      ['ip', [0, 1]],
      ['iptables-nft', [2]],
    ])
  })
  test('wait for a command that nothing is known of, and that one for all before it', () => {
    const strange = work({ argv: ['sh', '-c', 'true'] })
    const groups = planned(up('a', 'x'), up('b', 'x'), strange, up('a', 'y'))
    expect(groups.map(([, after]) => after)).toEqual([[], [], [0, 1], [0, 2]])
  })
  test('wait for what uses a thing before it is taken away', () => {
    const gone = work(ip(undefined, 'link', 'delete', 'dev', 'va'), { creates: ['link:host/va', 'link:a/eth0'] })
    expect(planned(up('a', 'eth0'), up('b', 'eth0'), gone)).toEqual([
      [['ip -n a link set dev eth0 up'], []],
      [['ip -n b link set dev eth0 up'], []],
      [['ip link delete dev va'], [0]],
    ])
  })
  test('of one step keep their order, whatever the tool', () => {
    const commands = [ip('a', 'link', 'set', 'dev', 'x', 'up'), { argv: ['nft', '-f', '-'], stdin: '' }]
    const groups = groupsOf([{ step: 'x', commands, resources: {} }])
    expect(groups.map(({ after }) => after.size)).toEqual([0, 1])
  })
})
