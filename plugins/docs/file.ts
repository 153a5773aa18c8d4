import type { StepDocs } from '../../core/step-docs.ts'

/** What people are told of the step type `file`. */
export const fileDocs: StepDocs = {
  details:
    'The file is written beside its place and then put there in one go. Directories that are missing are made, with mode ' +
    '0755. A file that is as asked for satisfies the step; another one gives way, and comes back at undo with its bytes, ' +
    'mode and owner (not with extended attributes). Directories that were made go when nothing else is in them.\n\n' +
    'A step fails where a symbolic link is on the way or in the place of the file, where the file has several names (hard ' +
    'links), and where it is no text of at most 64 KiB, since it could not be put back. Nothing is written below /proc, ' +
    '/sys, /dev and /run/netns. The content may hold a secret.',
  examples: [
    {
      id: 'motd',
      uses: 'file',
      name: 'Says where one is',
      with: { path: '/etc/netns/ns1/motd', content: 'this is ns1\n' },
    },
    {
      id: 'key',
      uses: 'file',
      name: 'A key that only root reads',
      with: { path: '/run/lab/key', content: 'c2VjcmV0\n', mode: '0600' },
    },
  ],
  outputs: { path: 'path of the file' },
  manual: ['install(1)', 'dd(1)', 'rename(2)', 'inode(7)'],
}
