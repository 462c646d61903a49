package purge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

// inOwnMounts runs the test once more, in a process with mounts of its own, and
// answers true in that process. Its small disks need no cleaning up, and nobody
// else sees them.
func inOwnMounts(t *testing.T) bool {
	t.Helper()
	const inside = "CULTUURDAG_TEST_MOUNTS"
	if os.Getenv(inside) != "" {
		if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+"/") {
		t.Fatalf("in mounts of its own (which takes root, or user namespaces): %v\n%s", err, out)
	}
	return false
}

// disk is a small one of its own.
type disk struct {
	t   *testing.T
	dir string
}

func newDisk(t *testing.T, dir string, size string) disk {
	t.Helper()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return disk{t, dir}
}

// fill leaves no byte free.
func (d disk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.dir, "filler"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

// free makes room again.
func (d disk) free() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.dir, "filler")); err != nil {
		d.t.Fatal(err)
	}
}

// readOnly takes writing away, or gives it back.
func (d disk) readOnly(yes bool) {
	d.t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if yes {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("none", d.dir, "", flags, "mode=0700"); err != nil {
		d.t.Fatal(err)
	}
}

// A disk fills up before a step of the purge: that of the log, of the keystore,
// or of Redis, which ends when it cannot write what it would have to promise. Or
// it is read-only. The purge stops and says why; the log has nothing that was not
// done; nobody reads the event's data meanwhile; and with room it is brought to
// its end. To destroy the key takes no room.
func TestDiskFullBeforeEachStep(t *testing.T) {
	if !inOwnMounts(t) {
		return
	}
	for _, test := range []struct {
		disk string
		why  string // of the error; "" where the purge needs no room there
	}{
		{"keystore", ""},
		{"log", "no space left on device"},
		{"redis", "unavailable"},
	} {
		for i, step := range steps {
			t.Run(fmt.Sprintf("%s before %s", test.disk, step), func(t *testing.T) {
				t.Parallel()
				s, disks := sceneOnDisks(t)
				d := disks[test.disk]
				s.breaks(t, step, func() {
					d.fill()
					if test.disk == "redis" {
						s.fillPage(t)
					}
				}, test.why)
				logged := stepsOf(s.entries(t))
				// What is done without the disk is done: a key is destroyed beside a Redis
				// that is full, and the completed purge is only marked in it.
				want := steps[:i]
				switch {
				case test.why == "":
					want = steps
				case test.disk == "redis" && step == StepKeyDestroyed:
					want = steps[:i+1]
				case test.disk == "redis" && (step == StepVerified || step == StepCompleted):
					want = steps
				}
				if !slices.Equal(logged, want) {
					t.Errorf("logged %v, want %v", logged, want)
				}
				d.free()
				s.recovers(t)
			})
		}
	}
	for name, step := range map[string]Step{"log": StepStarted, "keystore": StepKeyDestroyed} {
		t.Run(name+" read-only", func(t *testing.T) {
			t.Parallel()
			s, disks := sceneOnDisks(t)
			s.breaks(t, step, func() { disks[name].readOnly(true) }, "read-only file system")
			disks[name].readOnly(false)
			if logged := stepsOf(s.entries(t)); !slices.Equal(logged, steps[:slices.Index(steps, step)]) {
				t.Errorf("logged %v", logged)
			}
			s.recovers(t)
		})
	}
}

// sceneOnDisks is a scene of which the folders of log, keystore and Redis are
// disks of their own.
func sceneOnDisks(t *testing.T) (*scene, map[string]disk) {
	t.Helper()
	disks := map[string]disk{}
	w := enrolltest.New(t)
	w.Server.Kill()
	disks["redis"] = newDisk(t, w.Server.Dir, "8m")
	disks["keystore"] = newDisk(t, w.Keystore.Dir(), "1m")
	log := filepath.Join(w.Dir, "log")
	if err := os.Mkdir(log, 0o700); err != nil {
		t.Fatal(err)
	}
	disks["log"] = newDisk(t, log, "1m")
	w.Server.Start(t)
	t.Cleanup(w.Server.Kill) // before its disk goes
	s := newSceneIn(t, w)
	s.purger = s.anotherPurger(t, open(t, filepath.Join(log, "purge.log"), newKey(t)))
	s.dayAfter()
	return s, disks
}

// breaks runs the purge while something befalls it before the step.
func (s *scene) breaks(t *testing.T, step Step, befall func(), why string) {
	t.Helper()
	if step == steps[0] {
		befall()
	} else {
		s.purger.stop = func(at Step, logged bool) error {
			if logged && at == steps[slices.Index(steps, step)-1] {
				befall()
			}
			return nil
		}
	}
	err := s.purger.Run(context.Background(), s.event.ID)
	if why == "" && err != nil || why != "" && (err == nil || !strings.Contains(err.Error(), why)) {
		t.Errorf("the purge answers %v", err)
	}
	if err := s.Store.Gate(context.Background(), s.event.ID); !errors.Is(err, enroll.ErrPurged) && !errors.Is(err, enroll.ErrStore) {
		t.Errorf("the gate answers %v", err)
	}
}

// fillPage writes to Redis until the last page of its log is as good as full: the
// room in it is taken from the disk already.
func (s *scene) fillPage(t *testing.T) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(s.Server.Dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("redis's log: %v, %v", parts, err)
	}
	info, err := os.Stat(parts[len(parts)-1])
	if err != nil {
		t.Fatal(err)
	}
	used := int(info.Size()) % os.Getpagesize()
	// A SET has some forty bytes beside its value.
	if free := os.Getpagesize() - used - 45; used > 0 && free > 0 {
		if err := s.Redis.Set(context.Background(), "filler", strings.Repeat("x", free), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// recovers starts Redis again where it ended, as its supervisor does, and purges
// on.
func (s *scene) recovers(t *testing.T) {
	t.Helper()
	if has, err := s.Keystore.Has(s.event.ID); err != nil || has && len(s.entries(t)) > 1 {
		t.Errorf("the log says that the key was destroyed, and it is there: %v", err)
	}
	if s.Redis.Ping(context.Background()).Err() != nil {
		s.Server.Kill()
		s.Server.Start(t)
	}
	s.purger = s.anotherPurger(t, s.purger.Log)
	s.run(t)
	s.gone(t)
	if got := stepsOf(s.entries(t)); !slices.Equal(got, steps) {
		t.Errorf("logged %v", got)
	}
}
