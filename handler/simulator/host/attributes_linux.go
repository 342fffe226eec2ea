package host

import "syscall"

// ownGroup keeps a terminal's interrupt away from the child, so that the owner
// decides how it ends. On Linux the kernel also kills it should the owner be
// killed outright.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
