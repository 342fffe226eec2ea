package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"mailgrant/scripts/administer"
)

// How well a fact is known.
const (
	inferred     = "inferred"
	contradicted = "contradicted"
	oneSource    = "one source"
	measured     = "measured by others"
)

// probe is one fact and how to ask for it.
type probe struct {
	name, mark, fact string
	// simulator is what the simulated tenant says.
	simulator string
	writes    bool
	ask       func(context.Context, *bench) (string, error)
}

func probes() []probe { return append(reading(), writing()...) }

// bench is one run over all probes.
type bench struct {
	tenant  *administer.Tenant
	options options
	// name is that of every throw-away object; objectID and appID are the test application's. made is
	// set once something may be there.
	name            string
	objectID, appID string
	made            bool
	pointer         bool
	wait            func(context.Context, time.Duration) error
}

const namePrefix = "mg-conform-"

func (b *bench) all(ctx context.Context) []line {
	b.name = namePrefix + strings.ToLower(rand.Text()[:10])
	var lines []line
	for _, each := range probes() {
		if !b.options.only.MatchString(each.name) {
			continue
		}
		if each.writes && !b.options.write {
			lines = append(lines, line{probe: each, skipped: true})
			continue
		}
		seen, err := each.ask(ctx, b)
		lines = append(lines, line{probe: each, seen: seen, err: err})
	}
	return lines
}

// invoke sends a cmdlet and returns the whole reply, whatever its status.
func (b *bench) invoke(ctx context.Context, cmdlet string, parameters map[string]any, change ...func(*administer.Request)) (administer.Reply, error) {
	wanted, err := b.tenant.Command(ctx, cmdlet, parameters)
	if err != nil {
		return administer.Reply{}, err
	}
	for _, each := range change {
		each(&wanted)
	}
	got, err := b.tenant.Send(ctx, wanted)
	if err == nil && (got.Status == http.StatusTooManyRequests || got.Status == http.StatusServiceUnavailable) {
		err = errors.New("the tenant asks for patience: run this again later")
	}
	return got, err
}

// kindOf is the status and the type of a refusal, or the status alone.
func kindOf(got administer.Reply) string {
	kind, _ := administer.Failure(got)
	return strings.TrimSpace(fmt.Sprintf("%d %s", got.Status, kind))
}

// refusalOf is the type alone: the same refusal was seen under several statuses.
func refusalOf(got administer.Reply) string {
	kind, _ := administer.Failure(got)
	if got.Status < http.StatusBadRequest || kind == "" {
		return fmt.Sprint(got.Status)
	}
	return kind
}

// statusOf sends a cmdlet and tells the status of the answer.
func statusOf(cmdlet string, parameters map[string]any, change ...func(*administer.Request)) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, b *bench) (string, error) {
		got, err := b.invoke(ctx, cmdlet, parameters, change...)
		return fmt.Sprint(got.Status), err
	}
}

// refused sends a cmdlet and tells the type of the refusal.
func refused(cmdlet string, parameters map[string]any) func(context.Context, *bench) (string, error) {
	return func(ctx context.Context, b *bench) (string, error) {
		got, err := b.invoke(ctx, cmdlet, parameters)
		return refusalOf(got), err
	}
}

// page is the success envelope.
type page struct {
	Value    []administer.Row `json:"value"`
	Next     string           `json:"@odata.nextLink"`
	Warnings *[]string        `json:"@adminapi.warnings"`
}

func (b *bench) rows(ctx context.Context, cmdlet string, parameters map[string]any, change ...func(*administer.Request)) (page, error) {
	got, err := b.invoke(ctx, cmdlet, parameters, change...)
	if err != nil {
		return page{}, err
	}
	if got.Status != http.StatusOK {
		return page{}, fmt.Errorf("%s was answered %s", cmdlet, kindOf(got))
	}
	var read page
	err = json.Unmarshal(got.Body, &read)
	if err != nil {
		return page{}, fmt.Errorf("%s: reading the answer: %w", cmdlet, err)
	}
	return read, nil
}

// first is the first row; a tenant that has none cannot tell.
func (b *bench) first(ctx context.Context, cmdlet string, parameters map[string]any) (administer.Row, error) {
	read, err := b.rows(ctx, cmdlet, parameters)
	if err == nil && len(read.Value) == 0 {
		err = fmt.Errorf("the tenant has nothing that %s would show", cmdlet)
	}
	if err != nil {
		return nil, err
	}
	return read.Value[0], nil
}

// present names those of the properties that a row has.
func present(row administer.Row, names ...string) string {
	var has []string
	for _, each := range names {
		if row.Text(each) != "" {
			has = append(has, each)
		}
	}
	return strings.Join(has, ", ")
}

// application finds the test application.
func (b *bench) application(ctx context.Context) error {
	if b.objectID != "" {
		return nil
	}
	var found struct{ ID, AppID string }
	err := b.tenant.Get(ctx, "/servicePrincipals(appId='"+b.options.workload+"')?$select=id,appId", &found)
	if err != nil {
		return fmt.Errorf("finding the test application: %w", err)
	}
	b.objectID, b.appID = found.ID, found.AppID
	return nil
}

// clean removes whatever may be left, in the order in which it can go.
func (b *bench) clean(ctx context.Context) error {
	if !b.made {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var errs []error
	removals := [][2]string{{"Remove-ManagementRoleAssignment", b.name}, {"Remove-ManagementScope", b.name}}
	if b.pointer {
		removals = append(removals, [2]string{"Remove-ServicePrincipal", b.objectID})
	}
	for _, each := range removals {
		_, err := b.tenant.Run(ctx, each[0], map[string]any{"Identity": each[1], "Confirm": false})
		if err != nil && !administer.NotFound(err) {
			errs = append(errs, fmt.Errorf("%s is left in the tenant, remove it by hand: %w", each[1], err))
		}
	}
	return errors.Join(errs...)
}
