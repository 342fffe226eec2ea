//go:build unix && !linux

package storage

import "syscall"

// ownGroup keeps a terminal's interrupt away from the emulator, so that whoever
// started it can still use it while shutting down.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
