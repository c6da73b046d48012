# SPDX-License-Identifier: GPL-2.0-or-later
#
# The types of the kernel of a made world (make_world.py): small versions of
# the real ones, with the members that scripts ask for, then some that exercise
# every shape a type can have.  Read by btfwriter.py.

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;
typedef unsigned long size_t;
typedef long ssize_t;
typedef int pid_t;
typedef u32 dev_t;
typedef unsigned short umode_t;
typedef long long loff_t;
typedef unsigned int gfp_t;
typedef u64 sector_t;
typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { unsigned int val; } kuid_t;
typedef struct { unsigned int val; } kgid_t;

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID,
		PIDTYPE_MAX };
enum { HI_SOFTIRQ = 0, TIMER_SOFTIRQ, NET_TX_SOFTIRQ, NET_RX_SOFTIRQ };

struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };

struct qstr {
	union {
		struct { u32 hash; u32 len; };
		u64 hash_len;
	};
	const unsigned char *name;
};

struct super_block {
	struct list_head s_list;
	dev_t s_dev;
	unsigned char s_blocksize_bits;
	unsigned long s_blocksize;
	struct dentry *s_root;
	char s_id[32];
};

struct inode {
	umode_t i_mode;
	unsigned short i_opflags;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	union { const unsigned int i_nlink; unsigned int __i_nlink; };
	dev_t i_rdev;
	loff_t i_size;
};

struct dentry {
	unsigned int d_flags;
	struct hlist_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	unsigned char d_iname[32];
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct path { struct vfsmount *mnt; struct dentry *dentry; };

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
	loff_t f_pos;
};

struct fs_struct { int users; int umask; struct path root, pwd; };

struct mm_struct {
	struct {
		atomic_t mm_count;
		unsigned long mmap_base;
		unsigned long task_size;
		atomic_t mm_users;
		int map_count;
		unsigned long total_vm;
		unsigned long start_code, end_code, start_data, end_data;
		unsigned long start_brk, brk, start_stack;
		unsigned long arg_start, arg_end, env_start, env_end;
		unsigned long flags;
		struct file *exe_file;
	};
	unsigned long cpu_bitmap[];
};

struct cred {
	atomic64_t usage;
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
};

struct ns_common { unsigned int inum; };
struct pid_namespace { unsigned int level; struct ns_common ns; };
struct uts_namespace { struct ns_common ns; };
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct pid_namespace *pid_ns_for_children;
};
struct upid { int nr; struct pid_namespace *ns; };
struct pid { atomic_t count; unsigned int level; struct upid numbers[]; };

struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct pid *pids[4];
	int group_exit_code;
};

struct load_weight { unsigned long weight; u32 inv_weight; };
struct sched_entity {
	struct load_weight load;
	unsigned int on_rq;
	u64 exec_start;
	u64 sum_exec_runtime;
	u64 vruntime;
};

struct thread_info {
	unsigned long flags;
	unsigned long syscall_work;
	u32 status;
	u32 cpu;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	unsigned int flags;
	int on_cpu;
	int prio;
	int static_prio;
	int normal_prio;
	unsigned int rt_priority;
	struct sched_entity se;
	unsigned int policy;
	int nr_cpus_allowed;
	struct list_head tasks;
	struct mm_struct *mm;
	struct mm_struct *active_mm;
	int exit_state;
	int exit_code;
	int exit_signal;
	unsigned sched_reset_on_fork:1;
	unsigned sched_contributes_to_load:1;
	unsigned sched_migrated:1;
	unsigned :0;
	unsigned in_execve:1;
	unsigned in_iowait:1;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct task_struct *parent;
	struct list_head children;
	struct list_head sibling;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 utime;
	u64 stime;
	u64 start_time;
	u64 start_boottime;
	const struct cred *real_cred;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
};

struct linux_binprm {
	struct mm_struct *mm;
	struct file *executable;
	struct file *file;
	struct cred *cred;
	int argc, envc;
	const char *filename;
	const char *interp;
};

struct kernel_siginfo {
	struct { int si_signo; int si_errno; int si_code; };
};

struct net_device { char name[16]; unsigned int flags; unsigned int mtu;
		    int ifindex; };
struct sk_buff {
	union {
		struct {
			struct sk_buff *next;
			struct sk_buff *prev;
			union { struct net_device *dev;
				unsigned long dev_scratch; };
		};
		struct list_head list;
	};
	unsigned int len, data_len;
	__u16 mac_len, hdr_len;
	__u8 cloned:1, nohdr:1, fclone:2, peeked:1;
	__u8 pkt_type:3, ignore_df:1;
	unsigned short protocol;
	unsigned char *head, *data;
};

struct gendisk { int major; int first_minor; int minors; char disk_name[32]; };
struct block_device { sector_t bd_start_sect; dev_t bd_dev;
		      struct gendisk *bd_disk; };
struct bvec_iter { sector_t bi_sector; unsigned int bi_size; };
struct bio { struct bio *bi_next; struct block_device *bi_bdev;
	     unsigned int bi_opf; struct bvec_iter bi_iter; };
struct request_queue { unsigned long queue_flags; struct gendisk *disk; };
struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	int tag;
	unsigned int __data_len;
	sector_t __sector;
	struct bio *bio;
	struct block_device *part;
};
struct irqaction { int (*handler)(int, void *); void *dev_id;
		   unsigned int irq; const char *name; };
struct softirq_action { void (*action)(void); };

# ---- every shape ----

enum color { RED, GREEN = 5, BLUE };
enum level { LOW = -1, MIDDLE, HIGH };
enum huge { HUGE_ZERO, HUGE_MANY = 0x100000001 };
enum forward;

struct opaque;
typedef struct widget widget_t;
typedef widget_t *widget_ptr;
typedef int matrix_t[2][3];
typedef int (*callback_t)(struct widget *, long);

struct part {
	u8 kind;
	u16 value;
	struct { s8 deep; u32 deeper; } inner;
};

struct widget {
	int id;
	const char *label;
	const char __user *user_label;
	char tag[8];
	unsigned char bytes[4];
	struct widget *next;
	widget_ptr twin;
	struct opaque *hidden;
	void *anything;
	struct part part;
	struct part parts[3];
	matrix_t matrix;
	int *numbers;
	struct widget **table;
	struct widget *family[2];
	union {
		u64 whole;
		struct { u32 low, high; };
		union { s64 as_signed; u8 as_bytes[8]; };
	};
	enum color color;
	enum level level;
	enum huge huge;
	bool flag;
	s8 tiny;
	s16 small;
	s64 large;
	unsigned long word;
	float single;
	double twice;
	unsigned one:1;
	unsigned three:3;
	int minus:4;
	unsigned wide:20;
	unsigned crossing:12;
	u64 long_bits:33;
	s64 long_minus:20;
	enum color color_bits:3;
	bool flag_bit:1;
	const volatile int fixed;
	callback_t callback;
	void (*plain)(void);
	char empty[0];
	char rest[];
};

int vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos);
int do_nothing(void);
