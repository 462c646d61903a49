package scheduler

import (
	"context"
	"time"
)

// Options are what a run can be told beside its instance.
type Options struct {
	Seed      int64         // breaks ties; the same seed gives the same plan
	TimeLimit time.Duration // the last resort, after which the best plan so far is taken; 0: none
	Costs     *Costs        // where the instance has none; nil: fair
}

// Solve divides the places of an instance. The error is an InstanceError where
// the instance or its costs are bad, or the context's when that ended first.
func Solve(ctx context.Context, in Instance, o Options) (Solution, error) {
	return divide(ctx, in, o, func(*problem) {})
}

// divide prepares the problem as it is told and solves it.
func divide(ctx context.Context, in Instance, o Options, prepare func(*problem)) (Solution, error) {
	began := time.Now()
	if in.Costs == nil {
		in.Costs = o.Costs
	}
	if in.Costs == nil {
		fair := namedCosts["fair"]
		in.Costs = &fair
	}
	if err := in.Check(); err != nil {
		return Solution{}, err
	}
	if err := ctx.Err(); err != nil {
		return Solution{}, err
	}
	p := newProblem(in, *in.Costs)
	prepare(p)
	search := newSearch(ctx, p, o, began)
	search.run()
	if err := ctx.Err(); err != nil {
		return Solution{}, err
	}
	p.even(search.best)
	s := search.solution(o.Seed, time.Since(began))
	s.Report.Shortages = Shortages(in, s)
	return s, nil
}
