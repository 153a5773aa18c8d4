import { resolve } from 'node:path'
import { works } from '../timed.ts'
import type { Peer } from './scripts.ts'

/** The one that distributions install packages for, before one of a version manager, which starts slower. */
const INTERPRETERS = ['/usr/bin/python3', 'python3']

/** A script in Python on pyroute2, which talks netlink itself, and iptables-restore for the rules. */
export function pyroute2(): Peer {
  const python = INTERPRETERS.find((each) => works(each, '-c', 'import pyroute2'))
  const missing = python === undefined ? 'apt-get install python3-pyroute2' : undefined
  const call = (way: string): readonly string[] => [python ?? '', resolve('bench/peers/one_netns.py'), way]
  return { name: 'pyroute2', up: call('up'), down: call('down'), missing }
}
