package storage

import (
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

func visible(t *testing.T, client *azqueue.QueueClient) []string {
	t.Helper()
	hold := int32(600)
	number := int32(32)
	got, err := client.DequeueMessages(t.Context(), &azqueue.DequeueMessagesOptions{VisibilityTimeout: &hold, NumberOfMessages: &number})
	must(t, err)
	var texts []string
	for _, message := range got.Messages {
		texts = append(texts, *message.MessageText)
	}
	return texts
}

func put(t *testing.T, client *azqueue.QueueClient, text string, delay int32) {
	t.Helper()
	_, err := client.EnqueueMessage(t.Context(), text, &azqueue.EnqueueMessageOptions{VisibilityTimeout: &delay})
	must(t, err)
}

func TestMessagesFollowTheSharedClock(t *testing.T) {
	t.Parallel()
	shared := &clock{}
	wire := startWire(t, WireOptions{Now: shared.now})
	handler := queue(t, wire.ConnectionString(), "apply")
	platform := queue(t, wire.HostConnectionString(), "apply")
	put(t, handler, "in an <hour>", 3600)
	put(t, handler, "in a day", 86400)
	if got := visible(t, platform); len(got) != 0 {
		t.Fatalf("visible at once: %q", got)
	}
	shared.advance(time.Hour - 10*time.Second)
	if got := visible(t, platform); len(got) != 0 {
		t.Fatalf("visible ten seconds early: %q", got)
	}
	shared.advance(11 * time.Second)
	if got := visible(t, platform); len(got) != 1 || got[0] != "in an <hour>" {
		t.Fatalf("visible after an hour: %q", got)
	}
	shared.advance(24 * time.Hour)
	if got := visible(t, platform); len(got) != 1 || got[0] != "in a day" {
		t.Fatalf("visible after a day: %q", got)
	}
}

func TestHeldMessagesStayHeldWhenTheClockJumps(t *testing.T) {
	t.Parallel()
	shared := &clock{}
	wire := startWire(t, WireOptions{Now: shared.now})
	platform := queue(t, wire.HostConnectionString(), "apply")
	put(t, platform, "work", 0)
	if got := visible(t, platform); len(got) != 1 {
		t.Fatalf("visible: %q", got)
	}
	shared.advance(30 * 24 * time.Hour)
	if got := visible(t, platform); len(got) != 0 {
		t.Errorf("a message was shown while it was worked on: %q", got)
	}
}

func TestHandedBackMessagesFollowTheSharedClock(t *testing.T) {
	t.Parallel()
	shared := &clock{}
	wire := startWire(t, WireOptions{Now: shared.now})
	platform := queue(t, wire.HostConnectionString(), "apply")
	put(t, platform, "work", 0)
	got, err := platform.DequeueMessages(t.Context(), nil)
	must(t, err)
	later := int32(120)
	message := got.Messages[0]
	updated, err := platform.UpdateMessage(t.Context(), *message.MessageID, *message.PopReceipt, *message.MessageText,
		&azqueue.UpdateMessageOptions{VisibilityTimeout: &later})
	must(t, err)
	if again := visible(t, platform); len(again) != 0 {
		t.Fatalf("visible at once: %q", again)
	}
	shared.advance(2 * time.Minute)
	again, err := platform.DequeueMessages(t.Context(), nil)
	must(t, err)
	if len(again.Messages) != 1 || *again.Messages[0].MessageText != "work" || *again.Messages[0].DequeueCount != 2 {
		t.Fatalf("after two minutes: %d messages", len(again.Messages))
	}
	_, err = platform.DeleteMessage(t.Context(), *message.MessageID, *updated.PopReceipt, nil)
	if err == nil {
		t.Error("the old receipt still deletes the message")
	}
}

func TestDeletedMessagesStayDeleted(t *testing.T) {
	t.Parallel()
	shared := &clock{}
	wire := startWire(t, WireOptions{Now: shared.now})
	platform := queue(t, wire.HostConnectionString(), "apply")
	delay := int32(60)
	sent, err := platform.EnqueueMessage(t.Context(), "gone", &azqueue.EnqueueMessageOptions{VisibilityTimeout: &delay})
	must(t, err)
	_, err = platform.DeleteMessage(t.Context(), *sent.Messages[0].MessageID, *sent.Messages[0].PopReceipt, nil)
	must(t, err)
	shared.advance(time.Hour)
	if got := visible(t, platform); len(got) != 0 {
		t.Errorf("visible: %q", got)
	}
}
