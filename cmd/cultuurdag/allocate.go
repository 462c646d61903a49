package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"cultuurdag/scheduler"
)

// AllocateCommand gives out places offline.
type AllocateCommand struct {
	Seed      int64         `help:"The same seed gives the same plan."`
	TimeLimit time.Duration `default:"20s" help:"Stop looking for better after this long."`
	Costs     string        `default:"fair" enum:"fair,first,floor" help:"fair, first or floor; costs in the file win."`
	File      string        `arg:"" name:"FILE" help:"The instance as JSON; - is standard input."`
}

// Run reads the instance and prints the plan and its report as JSON.
func (c *AllocateCommand) Run(ctx context.Context, streams *streams) error {
	var in io.Reader = streams.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return cannotRead(c.File, err)
		}
		defer file.Close()
		in = file
	}
	instance, err := scheduler.ReadInstance(in)
	if err != nil {
		return err
	}
	costs, err := scheduler.NamedCosts(c.Costs)
	if err != nil {
		return err
	}
	solution, err := scheduler.Solve(ctx, instance, scheduler.Options{Seed: c.Seed, TimeLimit: c.TimeLimit, Costs: &costs})
	if err != nil {
		return err
	}
	return json.NewEncoder(streams.out).Encode(solution)
}
