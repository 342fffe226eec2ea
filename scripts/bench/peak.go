package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the most that a process which has ended ever had in RAM, in bytes.
func peakMemory(ended *os.ProcessState) (int64, error) {
	usage, known := ended.SysUsage().(*syscall.Rusage)
	if !known {
		return 0, errors.New("the system does not tell how much memory a process had")
	}
	// Darwin counts bytes, everybody else kibibytes.
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss), nil
	}
	return int64(usage.Maxrss) * 1024, nil
}
