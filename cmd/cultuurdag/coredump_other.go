//go:build !linux

package main

// forbidCoreDumps does nothing here: serve is for Linux, the demo is for anywhere.
func forbidCoreDumps() error { return nil }

func coreDumps() (bool, error) { return false, nil }
