package overview

import (
	"context"
	"runtime"
	"sync/atomic"
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
}
