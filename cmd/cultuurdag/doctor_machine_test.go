package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// machineOf is a machine with these files; a name that ends in "/" is a folder,
// a text that begins with "->" a link.
func machineOf(t *testing.T, files map[string]string) machine {
	t.Helper()
	m := machine{t.TempDir()}
	for name, text := range files {
		path := filepath.Join(m.root, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		switch target, link := strings.CutPrefix(text, "->"); {
		case err != nil:
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o700)
		case link:
			err = os.Symlink(target, path)
		default:
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestDoctorLooksAtSwap(t *testing.T) {
	const head = "Filename Type Size Used Priority\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		wrong int
	}{
		{"none", map[string]string{"proc/swaps": head}, 0},
		{"nothing to be seen", nil, 0},
		{"a file", map[string]string{"proc/swaps": head + "/swapfile file 1 0 -2\n"}, 1},
		{"a partition and a file", map[string]string{"proc/swaps": head + "/dev/sda2 partition 1 0 -2\n/swapfile file 1 0 -3\n"}, 2},
		{"encrypted", map[string]string{"proc/swaps": head + "/dev/dm-1 partition 1 0 -2\n", "sys/block/dm-1/dm/uuid": "CRYPT-PLAIN-swap\n"}, 0},
		{"encrypted, by its name", map[string]string{"proc/swaps": head + "/dev/mapper/swap partition 1 0 -2\n", "dev/mapper/swap": "->../dm-1", "sys/block/dm-1/dm/uuid": "CRYPT-LUKS2-x\n"}, 0},
		{"a volume that is not", map[string]string{"proc/swaps": head + "/dev/dm-1 partition 1 0 -2\n", "sys/block/dm-1/dm/uuid": "LVM-x\n"}, 1},
		{"in memory", map[string]string{"proc/swaps": head + "/dev/zram0 partition 1 0 100\n", "sys/block/zram0/backing_dev": "none\n"}, 0},
		{"in memory, and on a disk", map[string]string{"proc/swaps": head + "/dev/zram0 partition 1 0 100\n", "sys/block/zram0/backing_dev": "/dev/sda3\n"}, 1},
		{"forbidden to us", map[string]string{"proc/swaps": head + "/swapfile file 1 0 -2\n", "proc/self/cgroup": "0::/cultuurdag\n", "sys/fs/cgroup/cultuurdag/memory.swap.max": "0\n"}, 0},
		{"not forbidden to us", map[string]string{"proc/swaps": head + "/swapfile file 1 0 -2\n", "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.swap.max": "max\n"}, 1},
	} {
		if got := machineOf(t, test.files).checkSwap(); len(got) != test.wrong {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestDoctorLooksAtCoreDumps(t *testing.T) {
	for pattern, noted := range map[string]bool{
		"core\n": false, "|/usr/share/apport/apport -p%p\n": true, "|/usr/lib/systemd/systemd-coredump %P\n": false, "": false,
	} {
		if note := machineOf(t, map[string]string{"proc/sys/kernel/core_pattern": pattern}).noteCores(); (note != "") != noted {
			t.Errorf("%q: %q", pattern, note)
		}
	}
	if err := checkCores(); err != nil {
		t.Error(err)
	}
}

func TestDoctorLooksForCopiesOfTheKeystore(t *testing.T) {
	const keystore = "/var/lib/cultuurdag/keystore"
	for _, test := range []struct {
		name  string
		files map[string]string
		redis string
		wrong int
	}{
		{"nothing", nil, "/var/lib/redis", 0},
		{"inside Redis's folder", nil, "/var/lib/cultuurdag", 1},
		{"around Redis's folder", nil, keystore + "/redis", 1},
		{"a neighbour of like name", nil, keystore + "-redis", 0},
		{"in a repository", map[string]string{"var/lib/cultuurdag/.git/": ""}, "", 1},
		{"in a synchronised folder", map[string]string{"var/lib/.stfolder/": ""}, "", 1},
		{"in a subvolume with snapshots", map[string]string{".snapshots/": ""}, "", 1},
		{"borgmatic takes it", map[string]string{"etc/borgmatic/config.yaml": "source_directories:\n  - /home\n  - /var/lib\n"}, "", 1},
		{"borgmatic leaves it out", map[string]string{"etc/borgmatic/config.yaml": "source_directories:\n  - /var\nexclude_patterns:\n  - /tmp\n  - " + keystore + "\n"}, "", 0},
		{"borgmatic leaves out something else", map[string]string{"etc/borgmatic/config.yaml": "source_directories:\n  - /var\nexclude_patterns:\n  - /var/cache\nrepositories:\n  - /mnt\n"}, "", 1},
		{"borgmatic takes other things", map[string]string{"etc/borgmatic/config.yaml": "source_directories:\n  - /home\n  - /var/lib/cultuurdag-redis\n"}, "", 0},
		{"rsnapshot takes all", map[string]string{"etc/rsnapshot.conf": "# backup /none/\nbackup\t/\tlocalhost/\n"}, "", 1},
		{"restic by cron", map[string]string{"etc/cron.d/backup": "5 3 * * * root restic backup /var /etc\n"}, "", 1},
		{"restic by cron, without it", map[string]string{"etc/cron.d/backup": "5 3 * * * root restic backup /var --exclude=" + keystore + "\n"}, "", 0},
		{"cron does other things there", map[string]string{"etc/cron.d/df": "5 3 * * * root df /var\n"}, "", 0},
		{"a unit", map[string]string{"etc/systemd/system/backup.service": "[Service]\nExecStart=/usr/bin/borg create ::now /var/lib\n"}, "", 1},
		{"a comment", map[string]string{"etc/rsnapshot.conf": "# backup\t/var/\tlocalhost/\n"}, "", 0},
	} {
		if got := machineOf(t, test.files).checkKeystore(keystore, test.redis); len(got) != test.wrong {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// Whether the user may have the log rewritten is found out without doing it.
func TestDoctorAsksWhetherTheLogCanBeRewritten(t *testing.T) {
	ctx := t.Context()
	w := enrolltest.New(t)
	if problems := checkRewrite(ctx, w.Store); len(problems) > 0 {
		t.Errorf("allowed: %v", problems)
	}
	if info := w.Redis.Info(ctx, "persistence").Val(); !strings.Contains(info, "aof_rewrites:0\r") {
		t.Error("it was rewritten")
	}
	if err := w.Redis.Do(ctx, "ACL", "SETUSER", "weak", "on", "nopass", "~*", "+@all", "-bgrewriteaof").Err(); err != nil {
		t.Fatal(err)
	}
	weak := redis.NewClient(&redis.Options{Network: "unix", Addr: w.Server.Socket, Username: "weak", Password: "x", DisableIdentity: true})
	defer weak.Close()
	problems := checkRewrite(ctx, store.New(weak, w.Keystore, &enroll.Clock{}))
	if len(problems) != 1 || !strings.Contains(problems[0].Error(), "+bgrewriteaof") {
		t.Errorf("not allowed: %v", problems)
	}
}
