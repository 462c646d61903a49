package scheduler

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	alone    = flag.String("alone", "", "solve only this `instance`, print the kB that this took and stop: for BenchmarkInstances")
	cbcLimit = flag.Duration("cbc-limit", time.Minute, "how long a benchmark waits for CBC")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *alone == "" {
		os.Exit(m.Run())
	}
	in, err := openInstance(*alone)
	if err == nil {
		_, err = Solve(context.Background(), in, Options{Seed: 1})
	}
	// Not the peak that the parent of a process sees: that counts what the parent held itself.
	status, errStatus := os.ReadFile("/proc/self/status")
	if err = errors.Join(err, errStatus); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, held, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println(strings.Fields(held)[0])
}

// BenchmarkInstances tells beside the time of a run the objective, the MB that
// a process holds at most that reads the instance and solves it, and where cbc
// is installed the seconds of a processor and MB that it takes for the optimum
// of the plain model, and how many times longer that is; at least, where CBC is
// not done within -cbc-limit. It runs on one core: GOMAXPROCS=1 compares with that.
func BenchmarkInstances(b *testing.B) {
	for _, x := range best {
		b.Run(x.name, func(b *testing.B) {
			in := readInstance(b, x.name)
			for b.Loop() {
				s, err := Solve(b.Context(), in, Options{Seed: 1})
				if err != nil {
					b.Fatal(err)
				}
				if !s.Report.Proven || s.Report.Objective != x.objective {
					b.Fatalf("objective %d, proven %v; the optimum is %d", s.Report.Objective, s.Report.Proven, x.objective)
				}
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(x.objective), "objective")
			b.ReportMetric(heldAlone(b, x.name), "MB")
			benchmarkCBC(b, in, x.objective, seconds)
		})
	}
}

// heldAlone returns the MB that solving an instance takes at most in a process
// of its own; Linux tells.
func heldAlone(b *testing.B, name string) float64 {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	out, err := exec.Command(self, "-alone", name).CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	kB, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kB) * 1024 / 1e6
}

// benchmarkCBC reports how CBC does on an instance for which Solve took seconds.
func benchmarkCBC(b *testing.B, in Instance, objective int, seconds float64) {
	if _, err := exec.LookPath("cbc"); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(b.Context(), *cbcLimit)
	defer cancel()
	m := newModel(in)
	found, err := m.exact(ctx, b.TempDir())
	took := m.spent.Seconds()
	switch {
	case ctx.Err() != nil:
		b.Logf("CBC is not done in %v", *cbcLimit)
		b.ReportMetric(took/seconds, "x-cbc-at-least")
	case err != nil:
		b.Fatal(err)
	case found.cost != objective || found.lacking > 0:
		b.Fatalf("CBC: %+v, not %d", found, objective)
	default:
		b.ReportMetric(took, "cbc-s")
		b.ReportMetric(took/seconds, "x-cbc")
	}
	b.ReportMetric(float64(m.peak)/1e6, "cbc-MB")
}
