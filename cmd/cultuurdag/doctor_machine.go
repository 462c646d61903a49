package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// machine is what the operating system says of itself, below root: "/", but in
// tests.
type machine struct{ root string }

// read returns the file's text, or "" where there is none that we may read.
func (m machine) read(path string) string {
	data, err := os.ReadFile(filepath.Join(m.root, path))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// checkSwap reports each swap space to which names and keys in memory could be
// written in clear.
func (m machine) checkSwap() []error {
	if m.swapForbidden() {
		return nil
	}
	var problems []error
	for i, line := range strings.Split(m.read("/proc/swaps"), "\n") {
		fields := strings.Fields(line)
		if i == 0 || len(fields) < 2 || m.swapIsSafe(fields[0]) {
			continue
		}
		problems = append(problems, fmt.Errorf("swap on %s is not encrypted, and names and keys in memory may be written to it: turn it off or encrypt it", fields[0]))
	}
	return problems
}

// swapForbidden reports whether this process's control group may not swap.
func (m machine) swapForbidden() bool {
	for line := range strings.Lines(m.read("/proc/self/cgroup")) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return m.read(filepath.Join("/sys/fs/cgroup", group, "memory.swap.max")) == "0"
		}
	}
	return false
}

// swapIsSafe reports whether what is swapped there is encrypted, or stays in
// memory.
func (m machine) swapIsSafe(device string) bool {
	if target, err := os.Readlink(filepath.Join(m.root, device)); err == nil { // /dev/mapper/swap -> ../dm-1
		device = target
	}
	name := filepath.Base(device)
	switch {
	case strings.HasPrefix(name, "dm-"):
		return strings.HasPrefix(m.read("/sys/block/"+name+"/dm/uuid"), "CRYPT-")
	case strings.HasPrefix(name, "zram"):
		backing := m.read("/sys/block/" + name + "/backing_dev")
		return backing == "" || backing == "none"
	}
	return false
}

// noteCores says where the kernel hands the memory of a program that crashes to
// another one, whatever the limits; "" where it does not. It is about Redis:
// serve forbids its own.
func (m machine) noteCores() string {
	pattern := m.read("/proc/sys/kernel/core_pattern")
	if !strings.HasPrefix(pattern, "|") || strings.Contains(pattern, "systemd-coredump") { // which keeps to LimitCORE=0
		return ""
	}
	return fmt.Sprintf("a crash of Redis would hand its memory to %q, whatever its limits: sealed data alone, but they would outlive the purge",
		strings.Fields(strings.TrimPrefix(pattern, "|"))[0])
}

// backupConfigs are where programs that make backups say what they copy. Tables
// of cron and units count by the lines that name such a program.
var (
	backupConfigs = []string{
		"etc/restic", "etc/resticprofile", "etc/borgmatic", "etc/borgmatic.d", "etc/borg", "etc/rsnapshot.conf", "etc/rsnapshot.d",
		"etc/duplicity", "etc/duply", "etc/backup.d", "etc/rdiff-backup", "etc/kopia", "etc/bacula", "etc/timeshift", "etc/tarsnap.conf",
		"root/.config/borgmatic", "root/.config/restic", "root/.config/resticprofile", "root/.config/kopia", "root/.config/rclone", "root/.duply",
	}
	schedules    = []string{"etc/crontab", "etc/cron.d", "etc/cron.daily", "etc/cron.weekly", "etc/anacrontab", "var/spool/cron", "etc/systemd/system"}
	backupTool   = regexp.MustCompile(`\b(restic|borg|borgmatic|rsnapshot|rsync|duplicity|duply|rclone|kopia|rdiff-backup|tarsnap|tar)\b`)
	copiedMarks  = []string{".git", ".hg", ".stfolder", ".dropbox", ".dropbox.cache", ".owncloudsync.log", ".nextcloudsync.log", ".snapshots", ".zfs", ".timeshift"}
	pathInConfig = regexp.MustCompile(`/[^\s"'\x60,;:=\[\]{}()<>|&*]*`)
)

// checkKeystore reports what seems to copy the folder of the keys: it lies in
// Redis's folder or the other way round, in a folder that is synchronised or kept
// in versions, or under what a backup that we can see takes along.
func (m machine) checkKeystore(keystore, redisDir string) []error {
	keystore = m.real(keystore)
	var problems []error
	if redisDir != "" {
		if redisDir = m.real(redisDir); within(keystore, redisDir) || within(redisDir, keystore) {
			problems = append(problems, errors.New("the keystore and Redis's folder lie in one another: a backup of Redis takes the keys along"))
		}
	}
	for dir := keystore; ; dir = filepath.Dir(dir) {
		for _, mark := range copiedMarks {
			if _, err := os.Lstat(filepath.Join(m.root, dir, mark)); err == nil {
				problems = append(problems, fmt.Errorf("the keystore lies in %s, of which %s keeps copies: move it", dir, mark))
			}
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, config := range backupConfigs {
		problems = append(problems, m.checkBackups(config, keystore, false)...)
	}
	for _, config := range schedules {
		problems = append(problems, m.checkBackups(config, keystore, true)...)
	}
	return problems
}

// checkBackups reads one file, or all of a folder.
func (m machine) checkBackups(path, keystore string, schedule bool) (problems []error) {
	err := filepath.WalkDir(filepath.Join(m.root, path), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // what we may not read we cannot judge
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 {
			return nil
		}
		data, err := os.ReadFile(name)
		if err == nil && backsUp(string(data), keystore, schedule) {
			shown, _ := strings.CutPrefix(name, strings.TrimSuffix(m.root, "/"))
			problems = append(problems, fmt.Errorf("%s seems to back up the keystore: leave %s out of it", shown, keystore))
		}
		return nil
	})
	if err != nil {
		problems = append(problems, err)
	}
	return problems
}

// backsUp reports whether a configuration names a folder that the keystore lies
// in, and does not leave the keystore out. A path that follows the word exclude,
// on its line or in the list below it, is one that is left out.
func backsUp(config, keystore string, schedule bool) bool {
	taken, below := false, false
	for line := range strings.Lines(config) {
		text := strings.TrimSpace(line)
		if text == "" || strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") || schedule && !backupTool.MatchString(text) {
			continue
		}
		before, after, excludes := strings.Cut(strings.ToLower(text), "exclud")
		if excludes {
			before, after = text[:len(before)], text[len(before):]
			for _, path := range pathInConfig.FindAllString(after, -1) {
				if within(keystore, path) && path != "/" {
					return false
				}
			}
			below = !pathInConfig.MatchString(after)
			text = before
		} else if !strings.HasPrefix(text, "-") {
			below = false
		}
		for _, path := range pathInConfig.FindAllString(text, -1) {
			switch {
			case below && within(keystore, path):
				return false
			case !below && within(keystore, path):
				taken = true
			}
		}
	}
	return taken
}

// within reports whether path is dir or lies in it.
func within(path, dir string) bool {
	dir = filepath.Clean(dir)
	return path == dir || dir == "/" || strings.HasPrefix(path, dir+"/")
}

// real returns the path without links, below root.
func (m machine) real(path string) string {
	full, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if m.root != "/" {
		return full
	}
	if resolved, err := filepath.EvalSymlinks(full); err == nil {
		return resolved
	}
	return full
}
