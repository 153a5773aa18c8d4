import type { Diagnosis } from '../../core/step.ts'

/**
 * Says that the kernel lacks a kind of links, or what was asked of one (`needs` says what it takes), when that is why a command
 * failed; and whether a module that brings the kind is there to be loaded.
 */
export const lackingKind = (kind: string, module: string, needs: string | undefined): Diagnosis => ({
  probe: (_, { output, facts }) => {
    const look = { argv: ['find', `/lib/modules/${facts.kernel}`, '-name', `${module}.ko*`] }
    return LACKING.test(output?.stderr ?? '') ? [look] : []
  },
  read([found], _, { output, facts: { kernel } }) {
    const stderr = output?.stderr ?? ''
    if (/^open: Permission denied/m.test(stderr))
      return '/dev/net/tun may not be opened by this user: run nsnet as root, or let all open it: chmod 666 /dev/net/tun'
    if (/^open: /m.test(stderr))
      return 'there is no /dev/net/tun; as root: modprobe tun; in a container, start it with --device /dev/net/tun'
    const unable = `this kernel (${kernel}) has links of kind "${kind}", and cannot do all that is asked of this one`
    if (!stderr.includes(UNKNOWN_KIND)) return needs === undefined ? unable : `${unable}: ${needs}`
    const isThere = (found?.stdout ?? '').trim() !== ''
    const otherwise = isThere ? '' : ', or use a kernel that has it'
    return `this kernel (${kernel}) has no links of kind "${kind}"\nload it as root: modprobe ${module}${otherwise}`
  },
})

const UNKNOWN_KIND = 'Unknown device type'

const LACKING = /Unknown device type|Operation not supported|^open: /m
