import { expect, test } from 'vitest'
import { commandsIn } from '../../cli/brief.ts'
import type { Command } from '../../core/command.ts'

const screen = (columns: number) => ({ paint: (_: string, text: string) => text, columns: () => columns })

const words = (line: string): Command => ({ argv: line.split(' ') })

test.each([
  ['ip link add name a address 02:00:00:00:00:01 type veth', 'ip link add name a type veth'],
  [
    'iptables-nft -w 5 -t filter -A FORWARD -j ACCEPT -m comment --comment nsnet:r1/s1:abcdef',
    'iptables -A FORWARD -j ACCEPT',
  ],
  [
    'ip netns exec ns1 iptables-nft -w 5 -t filter -A FORWARD -j ACCEPT',
    'ip netns exec ns1 iptables -A FORWARD -j ACCEPT',
  ],
  ['ip6tables-legacy -w 5 -t nat -A POSTROUTING -j MASQUERADE', 'ip6tables -t nat -A POSTROUTING -j MASQUERADE'],
  ['ip netns exec ns1 ping -n -c 2 -i 0.2 -W 2 -- example.org', 'ip netns exec ns1 ping example.org'],
  ['sysctl -e -q -w net/ipv4/ip_forward=0', 'sysctl -w net/ipv4/ip_forward=0'],
])('on a screen, %j is written without what tells nothing: %j', (line, brief) => {
  expect(commandsIn(screen(80), [words(line)])).toBe(brief)
  expect(commandsIn(screen(Infinity), [words(line)])).toBe(line)
})

test('the comment of a rule of a round is left out too', () => {
  const command = words(
    'iptables-nft -w 5 -t nat -A POSTROUTING -j MASQUERADE -m comment --comment nsnet:r1/s1[2]:abcdef',
  )
  expect(commandsIn(screen(80), [command])).toBe('iptables -t nat -A POSTROUTING -j MASQUERADE')
})

test('what nft reads is told by what it says', () => {
  const stdin = 'create table ip lab { comment "nsnet:r1/s1:abcdef"; }\ntable ip lab {\n\tchain c { accept; }\n}\n'
  const text = commandsIn(screen(80), [{ argv: ['nft', '-f', '-'], stdin }, words('true')])
  expect(text).toBe('nft: create table ip lab {\n\tchain c { accept; }\n} (and 1 more)')
  const inside = { argv: ['ip', 'netns', 'exec', 'ns1', 'nft', '-f', '-'], stdin }
  expect(commandsIn(screen(80), [inside])).toBe('nft: create table ip lab {\n\tchain c { accept; }\n}')
})
