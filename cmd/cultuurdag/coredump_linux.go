package main

import (
	"errors"
	"syscall"
)

// forbidCoreDumps keeps what this process has in memory, keys and names, from
// being written to a file when it crashes: neither as a core file nor by a
// program that the kernel hands it to.
func forbidCoreDumps() error {
	const setDumpable = 4 // PR_SET_DUMPABLE, prctl(2)
	err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setDumpable, 0, 0); errno != 0 {
		err = errors.Join(err, errno)
	}
	return err
}

// coreDumps reports whether this process may leave a core dump.
func coreDumps() (bool, error) {
	const getDumpable = 3 // PR_GET_DUMPABLE
	dumpable, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, getDumpable, 0, 0)
	if errno != 0 {
		return false, errno
	}
	return dumpable != 0, nil
}
