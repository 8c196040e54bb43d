#include "service.h"

#include <stdlib.h>
#include <string.h>

static int64_t later(int64_t a_ns, int64_t b_ns)
{
    return a_ns > b_ns ? a_ns : b_ns;
}

bool service_init(struct service *service, size_t cap, size_t log_records, struct err *err)
{
    service->last = &service->first;
    if (!heap_init(&service->due, cap))
        return err_memory(err);
    return journal_init(&service->journal, log_records, err);
}

void service_deinit(struct service *service)
{
    heap_deinit(&service->due);
    journal_deinit(&service->journal);
}

void service_clear(struct service *service)
{
    journal_clear(&service->journal);
    service->n_requests = service->n_connections = 0;
    service->origin_ns = 0;
}

/* --- The line and the limit --------------------------------------------------------------------------------------- */

static void begin(struct service *service, struct request *request, int64_t at_ns)
{
    struct stub_record *record = &request->record;
    request->state = REQUEST_SERVED;
    record->in_service = (uint32_t)++service->n_in_service;
    record->begin_ns = later(later(at_ns, service->full_until_ns), service->stalled_until_ns);
    model_draw(&service->model, request->nth, record);
    record->due_ns = record->begin_ns + record->service_ns;
    heap_push(&service->due, record->due_ns, request);
}

static bool has_room(const struct service *service)
{
    return service->model.limit == 0 || service->n_in_service < service->model.limit;
}

static void begin_waiting(struct service *service, int64_t at_ns)
{
    while (service->first && has_room(service)) {
        struct request *request = service->first;
        service->first = request->next;
        if (!service->first)
            service->last = &service->first;
        begin(service, request, later(request->record.recv_ns, at_ns));
    }
}

static void leave_service(struct service *service, struct request *request, int64_t at_ns)
{
    if (!has_room(service))
        service->full_until_ns = at_ns;
    service->n_in_service--;
    request->state = REQUEST_NONE;
    begin_waiting(service, at_ns);
}

static void number(struct service *service, struct request *request, uint32_t pid)
{
    if (request->epoch != service->journal.epoch) {
        request->epoch = service->journal.epoch;
        request->nth = 0;
        request->record.connection = ++service->n_connections;
    }
    request->nth++;
    request->record =
        (struct stub_record){.request = ++service->n_requests, .connection = request->record.connection, .pid = pid};
}

static void log_now(struct service *service, const struct request *request)
{
    struct stub_record *logged = journal_at(&service->journal, request->slot);
    if (logged)
        *logged = request->record;
}

void service_request(struct service *service, struct request *request, uint32_t pid, int64_t recv_ns, int64_t at_ns)
{
    number(service, request, pid);
    request->record.recv_ns = recv_ns;
    request->slot = journal_add(&service->journal);
    if (service->origin_ns == 0)
        service->origin_ns = recv_ns;
    if (!service->first && has_room(service)) {
        begin(service, request, later(recv_ns, at_ns));
    } else {
        request->state = REQUEST_WAITING;
        request->next = NULL;
        *service->last = request;
        service->last = &request->next;
    }
    log_now(service, request);
}

static void leave_line(struct service *service, struct request *request)
{
    struct request **link = &service->first;
    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    if (!*link)
        service->last = link;
    request->state = REQUEST_NONE;
}

/* Rare: the others go out and in again, rather than that the heap learns to lose one from its middle. */
static void leave_heap(struct heap *heap, const struct request *request)
{
    size_t n = heap->len;
    heap->len = 0;
    for (size_t i = 0; i < n; i++) {
        struct heap_entry entry = heap->entries[i];
        if (entry.item != request)
            heap_push(heap, entry.key, entry.item);
    }
}

void service_drop(struct service *service, struct request *request, int64_t at_ns)
{
    if (request->state == REQUEST_NONE)
        return;
    log_now(service, request);
    if (request->state == REQUEST_WAITING) {
        leave_line(service, request);
    } else {
        leave_heap(&service->due, request);
        leave_service(service, request, at_ns);
    }
}

/* --- Time --------------------------------------------------------------------------------------------------------- */

/* The next stall's number, or -1; its time into *at_ns. */
static int next_stall(const struct service *service, int64_t *at_ns)
{
    int found = -1;
    *at_ns = INT64_MAX;
    for (int i = 0; i < service->model.n_stalls; i++) {
        const struct stall *stall = &service->model.stalls[i];
        if (!stall->at_is_clock && service->origin_ns == 0)
            continue;
        int64_t begin_ns = stall->at_is_clock ? stall->at_ns : service->origin_ns + later(stall->at_ns, 0);
        if (begin_ns < *at_ns) {
            *at_ns = begin_ns;
            found = i;
        }
    }
    return found;
}

void service_model_changed(struct service *service, int64_t at_ns)
{
    for (int i = 0; i < service->model.n_stalls; i++) {
        struct stall *stall = &service->model.stalls[i];
        if (stall->at_ns >= 0)
            continue;
        stall->at_is_clock = true;
        stall->at_ns = at_ns;
    }
    begin_waiting(service, at_ns);
}

/* As after SIGSTOP and SIGCONT: whatever was under way ends that much later. */
static void begin_stall(struct service *service, int index, int64_t at_ns)
{
    struct model *model = &service->model;
    int64_t length_ns = model->stalls[index].length_ns;
    model->stalls[index] = model->stalls[--model->n_stalls];
    service->stalled_until_ns = (service_stalled(service) ? service->stalled_until_ns : at_ns) + length_ns;
    for (size_t i = 0; i < service->due.len; i++) {
        struct request *request = service->due.entries[i].item;
        service->due.entries[i].key += length_ns;
        request->record.due_ns += length_ns;
    }
}

static void end_first(struct service *service)
{
    struct request *request = heap_pop(&service->due);
    int64_t at_ns = request->record.due_ns;
    log_now(service, request);
    leave_service(service, request, at_ns);
    service->done(request, at_ns);
}

bool service_advance(struct service *service, int64_t now_ns, int64_t *ended_ns)
{
    for (;;) {
        int64_t stall_ns, due_ns = service->due.len ? heap_peek(&service->due)->key : INT64_MAX;
        int64_t end_ns = service_stalled(service) ? service->stalled_until_ns : INT64_MAX;
        int stall = next_stall(service, &stall_ns);
        if (due_ns <= now_ns && due_ns <= stall_ns && due_ns <= end_ns) {
            end_first(service);
        } else if (stall_ns <= now_ns && stall_ns < end_ns) {
            begin_stall(service, stall, stall_ns);
        } else if (end_ns <= now_ns) {
            service->stalled_until_ns = 0;
            *ended_ns = end_ns;
            return true;
        } else {
            return false;
        }
    }
}

int64_t service_next_ns(const struct service *service)
{
    int64_t next_ns = service->due.len ? heap_peek(&service->due)->key : INT64_MAX, stall_ns;
    if (next_stall(service, &stall_ns) >= 0 && stall_ns < next_ns)
        next_ns = stall_ns;
    if (service_stalled(service) && service->stalled_until_ns < next_ns)
        next_ns = service->stalled_until_ns;
    return next_ns;
}
