//go:build unix && !linux

package host

import "syscall"

// ownGroup keeps a terminal's interrupt away from the child, so that the owner
// decides how it ends.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
