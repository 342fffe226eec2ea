package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

const (
	// doctorPartition holds the rows of examinations that run, by the id of their message.
	doctorPartition = "doctor"
	doctorPrefix    = "doctor-"
	takenProperty   = "taken"
	// doctorWait is how long a message may take: an instance that sleeps has to start.
	doctorWait  = 20 * time.Second
	doctorEvery = 200 * time.Millisecond
	// doctorOld is after how long a row was left by an examination that died.
	doctorOld = time.Hour
)

// examineStorage writes a row, changes it under its version and under an old one, sends a
// message with its key, waits until a worker has noted there that it came, and removes it.
func (x *examination) examineStorage(ctx context.Context) []Symptom {
	at, err := x.Store.Clock(ctx)
	x.skews[1] = skew{"the storage", x.Now().Sub(at), err == nil}
	id := doctorPrefix + strings.ToLower(rand.Text()[:grant.IDLength])
	defer x.forgetProbe(ctx, id)
	found, usable := x.examineTables(ctx, id)
	if !usable {
		return append(found, x.find("queueUnusable", "the queue was not tried, because the tables cannot be used"))
	}
	return append(found, x.examineQueue(ctx, id)...)
}

func (x *examination) examineTables(ctx context.Context, id string) ([]Symptom, bool) {
	err := x.Store.InsertWork(ctx, doctorPartition, store.Row{Key: id, Properties: map[string]string{"at": x.began.UTC().Format(time.RFC3339)}})
	var row store.Row
	if err == nil {
		row, err = x.Store.ReadWork(ctx, doctorPartition, id)
	}
	if err == nil {
		err = x.Store.WriteWork(ctx, doctorPartition, row)
	}
	if err != nil {
		code := "tablesUnusable"
		if store.RefusedAccess(err) {
			code = "tableRoleMissing"
		}
		return []Symptom{x.find(code, "a row could not be written, read and changed: "+err.Error())}, false
	}
	// The version of that row is now an old one.
	err = x.Store.WriteWork(ctx, doctorPartition, row)
	switch store.KindOf(err) {
	case store.KindConflict:
		return []Symptom{x.find("tables", "a row was written, read and changed, and a change under its old version was refused")}, true
	case store.KindNone:
		return []Symptom{x.find("writesNotConditional", "a change under an old version was taken")}, true
	}
	return []Symptom{x.find("tablesUnusable", "a change under an old version was answered otherwise than with a conflict: "+err.Error())}, false
}

func (x *examination) examineQueue(ctx context.Context, id string) []Symptom {
	poison := x.examinePoison(ctx)
	err := x.Store.Send(ctx, applyQueue, id, 0)
	if err != nil && store.KindOf(err) != store.KindLost {
		code := "queueUnusable"
		if store.RefusedAccess(err) {
			code = "queueRoleMissing"
		}
		return append(poison, x.find(code, "a message could not be sent: "+err.Error()))
	}
	began := x.Machine()
	taken, err := x.awaitTaken(ctx, id)
	switch {
	case err != nil:
		return append(poison, x.find("queueUnusable", "whether a message came could not be read: "+err.Error()))
	case !taken:
		return append(poison, x.find("queueNotServed", fmt.Sprintf("a message to %s was not taken up within %s", applyQueue, doctorWait)))
	case len(poison) > 0:
		return poison
	}
	return []Symptom{x.find("queue", fmt.Sprintf("a message to %s was taken up as it was sent, within %s", applyQueue, x.Machine().Sub(began).Round(time.Second/10)))}
}

// examinePoison looks for messages that the host gave up.
func (x *examination) examinePoison(ctx context.Context) []Symptom {
	var found []Symptom
	for _, queue := range []string{applyQueue, store.QueueNotify} {
		count, err := x.Store.PoisonMessages(ctx, queue)
		switch {
		case err != nil:
			x.leave("messages that the host gave up in the queue %s: %s", queue, err)
		case count > 0:
			found = append(found, x.find("poisonMessages", fmt.Sprintf("%d message(s) of %s were given up by the host", count, queue), "queue", queue+"-poison"))
		}
	}
	return found
}

// awaitTaken waits until a worker has noted the message in its row.
func (x *examination) awaitTaken(ctx context.Context, id string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	tick := time.NewTicker(doctorEvery)
	defer tick.Stop()
	for {
		row, err := x.Store.ReadWork(ctx, doctorPartition, id)
		switch {
		case ctx.Err() != nil:
			return false, nil
		case err != nil:
			return false, err
		case row.Properties[takenProperty] != "":
			return true, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, nil
		}
	}
}

// takenUp notes that the message of an examination came; one that is over has no row.
func (e *Engine) takenUp(ctx context.Context, id string) error {
	row, err := e.Store.ReadWork(ctx, doctorPartition, id)
	if err == nil {
		row.Properties = map[string]string{"at": row.Properties["at"], takenProperty: "yes"}
		err = e.Store.WriteWork(ctx, doctorPartition, row)
	}
	if kind := store.KindOf(err); kind == store.KindNotFound || kind == store.KindConflict {
		return nil
	}
	return storage(err, "")
}

// forgetProbe removes the row, also when the examination's time is up, and those of
// examinations that died.
func (x *examination) forgetProbe(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseFor)
	defer cancel()
	left := []string{id}
	rows, _, err := x.Store.ListWork(ctx, doctorPartition, "", largestPage)
	for _, row := range rows {
		at, parseErr := time.Parse(time.RFC3339, row.Properties["at"])
		if parseErr != nil || x.began.Sub(at) > doctorOld {
			left = append(left, row.Key)
		}
	}
	for _, key := range left {
		if err == nil {
			err = x.Store.DeleteWork(ctx, doctorPartition, key)
		}
	}
	if err != nil {
		x.Log.WarnContext(ctx, "a row of an examination was left behind; the next one removes it", "error", err.Error())
	}
}

// examineInstallation looks whose tables these are.
func (x *examination) examineInstallation(ctx context.Context) []Symptom {
	err := x.OwnStorage(ctx)
	var foreign errForeignStorage
	switch {
	case asForeign(err, &foreign):
		return []Symptom{x.find("storageShared", foreign.Error())}
	case err != nil:
		return []Symptom{x.find("installationNotRead", "whose tables these are was not read: "+err.Error())}
	}
	stranger, err := x.stranger(ctx)
	switch {
	case err != nil:
		return []Symptom{x.find("installationNotRead", "whether another deployment came to these tables was not read: "+err.Error())}
	case stranger.Installation != "":
		return []Symptom{x.find("strangerOnStorage", fmt.Sprintf("the installation %s of tenant %s came to these tables last at %s", stranger.Installation, stranger.Tenant, stranger.At.UTC().Format(time.RFC3339)))}
	}
	return []Symptom{x.find("installation", "the tables are those of the installation "+x.Installation+" alone")}
}
