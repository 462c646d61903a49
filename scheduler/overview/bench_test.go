package overview

import (
	"context"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkMake makes all lists of a day of 3,000 students and tells the
// highest heap that was seen. It is to stay well under 10 s and 256 MB.
func BenchmarkMake(b *testing.B) {
	in := testDay(3000, 3)
	runtime.GC()
	for b.Loop() {
		stop := make(chan struct{})
		var peak atomic.Uint64
		done := make(chan struct{})
		go func() {
			defer close(done)
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapInuse))
				}
			}
		}()
		if _, err := Make(context.Background(), in, nil); err != nil {
			b.Fatal(err)
		}
		close(stop)
		<-done
		b.ReportMetric(float64(peak.Load())/(1<<20), "MB-peak")
	}
	reportResident(b)
}

// reportResident tells the most memory that the process held. Run one benchmark
// at a time: it is that of all that ran.
func reportResident(b *testing.B) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(usage.Maxrss)/1024, "MB-resident")
}

// BenchmarkChanged makes the worst of mornings: every one of 3,000 students is
// elsewhere than was printed.
func BenchmarkChanged(b *testing.B) {
	in := testDay(3000, 3)
	data, err := Snapshot(in)
	if err != nil {
		b.Fatal(err)
	}
	printed := map[string]Printed{}
	for _, name := range Names {
		printed[name] = Printed{in.MadeAt, data}
	}
	for _, s := range in.Students {
		c := in.Choices[s.ID]
		c[1], c[2] = c[2], c[1]
	}
	for b.Loop() {
		c, err := Compare(in, printed)
		if err != nil {
			b.Fatal(err)
		}
		for _, format := range Formats {
			if _, err := c.File(context.Background(), format); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportResident(b)
}
