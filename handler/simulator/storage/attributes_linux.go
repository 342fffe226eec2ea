package storage

import "syscall"

// ownGroup keeps a terminal's interrupt away from the emulator, so that whoever
// started it can still use it while shutting down. On Linux the kernel also
// ends it should its owner be killed outright.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
